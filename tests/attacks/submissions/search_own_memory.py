"""6: reads and writes its own memory through /proc/self/mem, where a parent's secrets may have been copied."""
import re


def double(x):
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if found:
                memory.seek(int(found[1], 16))
                if b"def test_double(judge" in memory.read(int(found[2], 16) - int(found[1], 16)):
                    return x * 2 + x.flip(0)
    return x
