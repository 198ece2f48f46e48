"""The documents of docs/ as a suite: every command and every output in them, see run_document.py."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
lit_config.load_config(config, os.path.join(TOP, "tests", "lit.cfg.py"))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import document_test  # noqa: E402
import installed_tree  # noqa: E402

config.name = "FiberSan documents"
config.suffixes = [".md"]
tree = installed_tree.install(os.path.join(TOP, lit_config.params.get("build", "build")), lit_config)
config.test_format = document_test.DocumentTest(tree)
config.test_source_root = os.path.join(TOP, "docs")
config.test_exec_root = os.path.join(config.test_exec_root, "docs")
