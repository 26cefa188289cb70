"""Times and durations as people type and read them."""

import math
import re
from datetime import UTC, datetime, timedelta

import typer

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")


def duration(text: str) -> float:
    """Seconds: 10s, 5m, 2h, 1d, 1h30m, or a bare number of seconds."""
    flat = text.strip().lower()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", flat):
        flat += "s"
    parts = _PART.findall(flat)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    # Hundreds of digits are infinite to a float.
    if not parts or "".join(number + unit for number, unit in parts) != flat or not math.isfinite(seconds):
        raise typer.BadParameter(f"{text[:100]!r} is not a duration; write 10s, 5m, 2h, 1d or 1h30m")
    return seconds


def moment(text: str, now: datetime) -> datetime:
    """An aware datetime: ISO 8601 (without an offset: local time), or HH:MM[:SS], the next time the clock shows it.

    `now` is aware; its zone is the local one.
    """
    if match := _CLOCK.fullmatch(text.strip()):
        return _next(now, *(int(part or 0) for part in match.groups()), text=text)
    try:
        parsed = datetime.fromisoformat(text.strip())
        parsed = parsed.astimezone() if parsed.tzinfo is None else parsed
        # On the first and the last day there is, UTC may lie in a year that does not exist.
        parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text[:100]!r} is not a time; write 2031-05-01T09:00+02:00, 2031-05-01 09:00 or 09:00"
        ) from None
    return parsed


def shown(instant: datetime | None) -> str | None:
    """Local date and time to the millisecond, with the offset of the local zone."""
    return None if instant is None else instant.astimezone().isoformat(" ", "milliseconds")


def brief(instant: datetime, now: datetime) -> str:
    """Local time in as few words as tell it from `now`: 09:00:00 today, 05-01 09:00 this year, else 2031-05-01."""
    local, today = instant.astimezone(), now.astimezone()
    if local.date() == today.date():
        return f"{local:%H:%M:%S}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d}"


def clock(instant: datetime) -> str:
    """Local time of day to the millisecond."""
    return instant.astimezone().strftime("%H:%M:%S.%f")[:-3]


def _next(now: datetime, hour: int, minute: int, second: int, *, text: str) -> datetime:
    if hour > 23 or minute > 59 or second > 59:
        raise typer.BadParameter(f"{text!r} is not a time of day")
    # By wall clock, so that 09:00 is 09:00 on the day the clocks change too.
    today = now.replace(hour=hour, minute=minute, second=second, microsecond=0, tzinfo=None)
    day_or_next = today if today.astimezone() > now else today + timedelta(days=1)
    return day_or_next.astimezone()
