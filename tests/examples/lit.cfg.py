"""The programs of examples/ as a suite: their RUN lines are in the programs themselves."""
import os

lit_config.load_config(config, os.path.join(os.path.dirname(__file__), "..", "lit.cfg.py"))
config.name = "FiberSan examples"
config.test_source_root = os.path.join(os.path.dirname(__file__), "..", "..", "examples")
config.excludes = {*config.excludes, "integration"}  # whole projects, see tests/integration
config.test_exec_root = os.path.join(config.test_exec_root, "examples")
