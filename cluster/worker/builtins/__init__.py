"""Commands that every worker offers, and those that its owner may switch on.

`noop` and `demo-job` are always there. `shell` runs programs that SHELL_COMMANDS names, `http` calls hosts that
HTTP_TARGETS names; without those settings they are not announced, so such a task is parked, not refused.
"""

from cluster.runtime.settings import Settings
from cluster.worker.builtins.demo import demo_handlers
from cluster.worker.builtins.http import http_handler
from cluster.worker.builtins.shell import shell_handler
from cluster.worker.guardian import Guardian
from cluster.worker.registry import Handler


def built_in(settings: Settings, guardian: Guardian) -> list[Handler]:
    """The handlers that these settings allow. `guardian`: who kills programs that outlive the worker."""
    handlers = demo_handlers(settings.task_process_time)
    if settings.shell_commands:
        handlers.append(shell_handler(settings.shell_commands, guardian))
    if settings.http_targets:
        handlers.append(http_handler(settings.http_targets))
    return handlers
