"""The one error tree. A docstring is the message unless the raiser has something better to say."""


class TaskMasterError(Exception):
    """TaskMaster could not do what it was asked to do."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.__doc__)

    @property
    def detail(self) -> str:
        return str(self.args[0])


class SettingsError(TaskMasterError):
    """A setting has a value that cannot be used."""


class InvalidTask(TaskMasterError):
    """The task breaks a limit."""


class PayloadTooLarge(InvalidTask):
    """The payload is larger than 256 KiB; store the data elsewhere and pass a reference."""


class NotFound(TaskMasterError):
    """There is no such thing."""


class WrongState(TaskMasterError):
    """The task is not in a state in which that is possible."""


class StoreUnavailable(TaskMasterError):
    """PostgreSQL cannot be reached or went away in the middle; nothing was acknowledged, try again."""


class TooBusy(StoreUnavailable):
    """More is asked for than can be written at the moment; nothing was enqueued, try again."""


class RowsLocked(StoreUnavailable):
    """Somebody else has locked what was to be written and does not let go; nothing was written."""


class StoreFault(StoreUnavailable):
    """PostgreSQL answers, but something in it or under it broke at this statement; nothing was written."""


class OutcomeUnknown(StoreUnavailable):
    """The connection to PostgreSQL broke before it answered: what was asked may have been done."""


class StoreRejected(TaskMasterError):
    """PostgreSQL refused a statement."""


class SchemaMismatch(TaskMasterError):
    """The database schema does not fit this version of TaskMaster."""


class CoordinatorUnavailable(TaskMasterError):
    """No coordinator answers."""


class NotServing(TaskMasterError):
    """A server does not answer, or says that it does not serve."""


class EdgeUnavailable(TaskMasterError):
    """The edge does not answer; is `taskmaster up` running?"""


class EngineUnavailable(TaskMasterError):
    """The container engine does not answer."""


class CannotStart(TaskMasterError):
    """A process cannot start."""


class InvalidHandler(TaskMasterError):
    """A function cannot be registered as a task."""


class TaskFailed(TaskMasterError):
    """The task could not do its work; its message says why, so that nobody needs a traceback."""


class BadArguments(TaskFailed):
    """The payload does not fit the task; trying again is pointless."""
