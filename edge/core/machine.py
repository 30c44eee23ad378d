"""PackML states of the line as one table (ISA-TR88.00.02)."""

from edge.core.values import State

# Acting states end by themselves, as soon as both PLCs' units mirror them: (acting state → state that follows).
ACTING: dict[State, State] = {
    State.CLEARING: State.STOPPED,
    State.STARTING: State.EXECUTE,
    State.STOPPING: State.STOPPED,
    State.ABORTING: State.ABORTED,
    State.HOLDING: State.HELD,
    State.UNHOLDING: State.EXECUTE,
    State.SUSPENDING: State.SUSPENDED,
    State.UNSUSPENDING: State.EXECUTE,
    State.RESETTING: State.IDLE,
    State.COMPLETING: State.COMPLETE,
}

_STOPPABLE = (
    State.IDLE, State.STARTING, State.EXECUTE, State.HOLDING, State.HELD, State.UNHOLDING, State.SUSPENDING, State.SUSPENDED,
    State.UNSUSPENDING, State.RESETTING, State.COMPLETING, State.COMPLETE,
)  # fmt: skip

# (state, control command) → state. A pair that is not here is refused.
COMMANDS: dict[tuple[State, str], State] = {
    (State.STOPPED, "reset"): State.RESETTING,
    (State.COMPLETE, "reset"): State.RESETTING,
    (State.IDLE, "start"): State.STARTING,
    (State.EXECUTE, "hold"): State.HOLDING,
    (State.STARTING, "hold"): State.HOLDING,
    (State.UNHOLDING, "hold"): State.HOLDING,
    (State.UNSUSPENDING, "hold"): State.HOLDING,
    (State.SUSPENDED, "hold"): State.HOLDING,
    (State.HELD, "unhold"): State.UNHOLDING,
    (State.EXECUTE, "suspend"): State.SUSPENDING,
    (State.SUSPENDED, "unsuspend"): State.UNSUSPENDING,
    (State.EXECUTE, "complete"): State.COMPLETING,
    (State.ABORTED, "clear"): State.CLEARING,
    **{(state, "stop"): State.STOPPING for state in _STOPPABLE},
    **{(state, "abort"): State.ABORTING for state in State if state not in (State.ABORTING, State.ABORTED)},
}

# States in which the belts run: transport deadlines count only then.
RUNNING = frozenset({State.EXECUTE, State.COMPLETING})


class Machine:
    """The line's state; knows the table and nothing of conditions."""

    def __init__(self) -> None:
        self.state = State.STOPPED

    def may(self, command: str) -> bool:
        """Whether the table has this command in the present state."""
        return (self.state, command) in COMMANDS

    def command(self, command: str) -> bool:
        """Issue a control command; False and no change where the table has no such pair."""
        target = COMMANDS.get((self.state, command))
        if target is None:
            return False
        self.state = target
        return True

    def complete(self) -> bool:
        """End an acting state; False where the present state does not end by itself."""
        target = ACTING.get(self.state)
        if target is None:
            return False
        self.state = target
        return True
