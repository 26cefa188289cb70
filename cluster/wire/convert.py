"""Between messages and values."""

from cluster.core.events import Event
from cluster.wire import taskmaster_pb2 as pb


def event_message(event: Event) -> pb.Event:
    return pb.Event(
        event=event.event,
        level=event.level,
        msg=event.msg,
        task_id=event.task_id,
        worker_id=event.worker_id,
        timestamp_us=event.timestamp_us,
        counts=event.counts,
    )


def event_value(message: pb.Event) -> Event:
    return Event(
        event=message.event,
        msg=message.msg,
        timestamp_us=message.timestamp_us,
        level=message.level,
        task_id=message.task_id,
        worker_id=message.worker_id,
        counts=dict(message.counts),
    )
