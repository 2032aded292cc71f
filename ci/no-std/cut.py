"""Cuts what no loader reads off a 64-bit ELF program: the table of sections, and what stands behind the segments."""

import struct
import sys

path = sys.argv[1]
with open(path, "rb") as file:
    program = bytearray(file.read())
assert program[:5] == b"\x7fELF\x02", f"{path} is no 64-bit ELF program"
(table,) = struct.unpack_from("<Q", program, 0x20)
size, count = struct.unpack_from("<HH", program, 0x36)
headers = [struct.unpack_from("<IIQQQQQQ", program, table + at * size) for at in range(count)]
end = max(offset + length for _, _, offset, _, _, length, _, _ in headers)
struct.pack_into("<Q", program, 0x28, 0)  # where the sections' table begins
struct.pack_into("<HHH", program, 0x3A, 0, 0, 0)  # the size of an entry, how many, which has the names
with open(path, "r+b") as file:
    file.write(program[:end])
    file.truncate()
