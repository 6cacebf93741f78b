"""How long each way of fetching may take before the next one is tried."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timeouts:
    """Limits on waiting, in seconds.

    Attributes
    ----------
    connect : float
        A mirror must have been found, reached and have begun to answer within this time. It is
        short, so that a closed network costs seconds.
    stall : float
        Once it answers, a mirror must deliver every further 64 KiB within this time; a package
        client gives up on a silent registry after this time.
    client : float
        The longest that one call of a package client (``npm``, ``apt-get``, ``dpkg``) may take.

    Raises
    ------
    ValueError
        If a limit is not positive.
    """

    connect: float = 4.0
    stall: float = 15.0
    client: float = 300.0

    def __post_init__(self) -> None:
        """Check that every limit is positive."""
        for name, seconds in vars(self).items():
            if not seconds > 0:
                raise ValueError(
                    f"timeout {name}={seconds!r}: expected a positive number of seconds"
                )


DEFAULT_TIMEOUTS = Timeouts()
