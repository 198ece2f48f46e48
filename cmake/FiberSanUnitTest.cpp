// Nothing: the target unit_precompiled needs a source.
