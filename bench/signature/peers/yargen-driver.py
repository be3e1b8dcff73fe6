"""Runs a checkout of yarGen many times with its goodware database read once.

usage: python3 yargen-driver.py CHECKOUT, then one JSON object a line on standard input:
{"samples": FOLDER, "out": FILE, "flags": [...]}; each is answered by one line:
{"ok": bool, "cpu": SECONDS, "seconds": SECONDS, "memory": BYTES}, the first line by what reading the database took.
Every input is a process of its own (fork), so that none sees what another did. Nothing of yarGen is changed but where its
database comes from.
"""
import gc
import gzip
import json
import os
import resource
import sys
import time
import traceback

checkout = os.path.abspath(sys.argv[1])
os.chdir(checkout)
sys.path.insert(0, checkout)
with open("yarGen.py", encoding="utf8") as file:
    source = file.read()
MAIN = "if __name__ == '__main__':"
assert source.count(MAIN) == 1, "this yarGen has no main part that is known"
code = compile(source.replace(MAIN, "load = _kept\n" + MAIN), os.path.join(checkout, "yarGen.py"), "exec")

started = time.time()
kept = {}
for name in os.listdir("dbs"):
    if name.endswith(".db") and not name.startswith("good-opcodes"):
        with gzip.GzipFile(os.path.join("dbs", name), "rb") as packed:
            kept[name] = json.loads(packed.read())
gc.freeze()
usage = resource.getrusage(resource.RUSAGE_SELF)
answers = sys.stdout
print(json.dumps({"ok": True, "cpu": usage.ru_utime + usage.ru_stime, "seconds": time.time() - started,
                  "memory": usage.ru_maxrss * 1024}), flush=True)


def run(order):
    """One input, in the child."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.argv = ["yarGen.py", "-m", order["samples"], "-o", order["out"], *order["flags"]]
    exec(code, {"__name__": "__main__", "__file__": os.path.join(checkout, "yarGen.py"),
                "_kept": lambda path: kept[os.path.basename(path)]})


for line in sys.stdin:
    order = json.loads(line)
    began = time.time()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            run(order)
            status = 0
        except SystemExit as end:
            status = 0 if end.code in (None, 0) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _, status, used = os.wait4(child, 0)
    print(json.dumps({"ok": status == 0, "cpu": used.ru_utime + used.ru_stime, "seconds": time.time() - began,
                      "memory": used.ru_maxrss * 1024}), file=answers, flush=True)
