set pagination off
set width 0
python import os; gdb.execute("source " + os.environ["FIBERSAN_GDB"])
echo list\n
fibers
echo parked\n
fiber 3 bt
echo local\n
fiber 3
frame function wait_for
up
info args
fiber off
echo running\n
fiber 1 bt
echo thread\n
bt 1
python
try:
  gdb.execute("fiber 99 bt")
except gdb.error as error:
  print(error)
end
