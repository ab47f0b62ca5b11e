"""Random C functions: native code against the interpreter against the engine."""
