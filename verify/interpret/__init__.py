"""Runs the IR on concrete numbers; shares no code with the engine, so that it can contradict it."""
