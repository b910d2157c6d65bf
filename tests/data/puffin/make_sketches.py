# SPDX-License-Identifier: Apache-2.0
"""Makes theta/estimates.tsv with Apache DataSketches (pip install datasketches): what values, how
many, entries kept, estimate, MD5 of the compact sketch. i64: the numbers from 0 in 8 bytes; text:
"value-<i>"."""
import hashlib
import os

import datasketches

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "theta")
os.makedirs(here, exist_ok=True)
lines = []
for kind, value in (("i64", lambda i: i), ("text", lambda i: f"value-{i}")):
    for n in (0, 1, 2, 1000, 7680, 7681, 50000, 1000000):
        if kind == "text" and n > 1000:
            continue
        sketch = datasketches.update_theta_sketch(12)
        for i in range(n):
            sketch.update(value(i))
        compact = sketch.compact()
        lines.append(f"{kind}\t{n}\t{compact.num_retained}\t{compact.get_estimate()!r}\t"
                     f"{hashlib.md5(compact.serialize()).hexdigest()}\n")
with open(os.path.join(here, "estimates.tsv"), "w") as out:
    out.writelines(lines)
