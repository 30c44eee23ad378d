"""The numbers and words that a PLC goes by: times in ms, states of PackML, answers that let something go on."""

SCAN_MS = 10
PERMIT_MS = 250
STAGE_1_MS = 300
STAGE_2_MS = 1_500
REJOIN_MS = 10_000
STARTING, IDLE, EXECUTE, ABORTING, ABORTED, HELD, RESETTING, COMPLETING, COMPLETE = 3, 4, 6, 8, 9, 11, 15, 16, 17
RUNNING = (EXECUTE, COMPLETING)
PRODUCTION = 1
BEGINS_ANEW = (STARTING, IDLE, EXECUTE, RESETTING, COMPLETING, COMPLETE)
"""states of the line that only a cleared line can be in: clearing is over"""
ABORTS = (ABORTING, ABORTED)
"""nothing moves any more: a clearing ends here and has to be asked for again"""
PASSING = frozenset({"insert_close", "insert_keep_open", "seal", "apply", "divert"})
"""answers that let something go on; all others reject"""
BEATING = ("heartbeat", "permit", "echo")
"""words of the edge's image that only say that it goes on"""
COUNTERS = ("documents_fed", "documents_rejected", "items_opened", "items_rejected", "items_handed_over", "items_diverted")
"""retained, and only growing"""
WORD, LONG = 1 << 16, 1 << 32
