#!/usr/bin/env python3
"""Makes polygons.txt: which points polygons hold, by GEOS and by rational arithmetic.

    pip install shapely==2.2.0
    python3 polygons.py

Each line is one multipolygon with its points. `even_odd` has been worked out with fractions:
border points belong, the even-odd rule over all rings of a polygon, the union of polygons.
Where GEOS calls the multipolygon valid its `covers` was asked too, and lines are kept only if
both agree on every point (`by` says who was asked). Rings that cross or touch themselves,
spikes and holes outside are not valid to GEOS, so the fractions stand alone there.
"""

import json
import math
import random
import sys
from fractions import Fraction

import shapely
from shapely.geometry import MultiPolygon, Point


def unrolled(ring):
    """Exact corners, every step the short way round."""
    turns, found = 0, []
    for (x, y), (next_x, _) in zip(ring, ring[1:] + ring[:1]):
        found.append((Fraction(x) + 360 * turns, Fraction(y)))
        turns += -1 if 180 < next_x - x else 1 if next_x - x < -180 else 0
    assert turns == 0
    return found


def place(ring, x, y):
    """'on', 'in' or 'out'."""
    is_in = False
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1]):
        side = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if side == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return "on"
        if (ay <= y) != (by <= y) and (0 < side) == (ay < by):
            is_in = not is_in
    return "in" if is_in else "out"


def holds(polygons, x, y):
    x, y = Fraction(x), Fraction(y)
    for rings in polygons:
        places = [place(ring, x + 360 * turn, y) for ring in map(unrolled, rings) for turn in (-1, 0, 1)]
        if "on" in places or places.count("in") % 2 == 1:
            return True
    return False


def star(chance, x, y, least, most, n):
    angles = [(i + 0.8 * chance.random()) / n * math.tau for i in range(n)]
    lengths = [chance.uniform(least, most) for _ in range(n)]
    return [[x + math.cos(a) * s, y + math.sin(a) * s] for a, s in zip(angles, lengths)]


def square(x, y, size):
    return [[x, y], [x + size, y], [x + size, y + size], [x, y + size]]


def comb(x, y, size, n):
    teeth = [[[x + size * i / n, y + size], [x + size * (i + 0.5) / n, y + size / 8]] for i in range(n)]
    return [[x, y]] + [corner for tooth in teeth for corner in tooth] + [[x + size, y + size], [x + size, y]]


def shapes(chance):
    """Names and multipolygons, around places that squares of an index may or may not end at."""
    for x, y, s in [(-97.74, 30.27, 0.1), (0.0, 0.0, 1.0), (13.4, 52.5, 0.001), (-0.17578125, 0.17578125, 0.17578125),
                    (103.8, 1.3, 3.0), (21.0, 69.5, 1e-4), (-122.4, 37.7, 0.02)]:
        u = lambda: chance.uniform(-s, s)
        yield "star", [[star(chance, x, y, s / 4, s, 17)]]
        yield "star with hole", [[star(chance, x, y, s / 2, s, 40), star(chance, x, y, s / 9, s / 3, 12)]]
        yield "two holes", [[square(x, y, s), square(x + s / 8, y + s / 8, s / 4), square(x + s / 2, y + s / 2, s / 4)]]
        yield "hole touches shell", [[square(x, y, s), [[x, y], [x + s / 2, y + s / 4], [x + s / 4, y + s / 2]]]]
        yield "parts", [[star(chance, x + 3 * s * i, y, s / 3, s, 9)] for i in range(3)]
        yield "parts touch", [[square(x, y, s)], [square(x + s, y + s, s)]]
        yield "island in hole", [[square(x, y, s), square(x + s / 4, y + s / 4, s / 2)],
                                 [square(x + 3 * s / 8, y + 3 * s / 8, s / 4)]]
        yield "comb", [[comb(x, y, s, 40)]]
        if 0.05 < s:  # else it is too thin to be a fence
            yield "thin", [[[[x, y], [x + s, y + s], [x + s, y + s + s * 1e-9], [x, y + s * 1e-9]]]]
        yield "bow-tie", [[[[x, y], [x + s, y + s / 2], [x + s, y], [x, y + s]]]]
        yield "spike", [[[[x, y], [x + s, y], [x + s, y + s], [x + s, y + 2 * s], [x + s, y + s], [x, y + s]]]]
        yield "touches itself", [[[[x, y], [x + s, y], [x + s / 2, y + s / 2], [x + s, y + s], [x, y + s],
                                   [x + s / 2, y + s / 2]]]]
        yield "tangle", [[[[x + u(), y + u()] for _ in range(11)]]]
        yield "tangles", [[[[x + u(), y + u()] for _ in range(7)], [[x + u(), y + u()] for _ in range(5)]]]
        yield "hole outside", [[square(x, y, s), square(x + 2 * s, y, s)]]
        yield "hole across", [[square(x, y, s), square(x + s / 2, y + s / 2, s)]]
        yield "parts overlap", [[square(x, y, s)], [square(x + s / 2, y + s / 2, s)]]
        yield "twice round", [[star(chance, x, y, s / 2, s, 9) + star(chance, x, y, s / 3, s, 8)]]
    over = lambda corners: [[x - 360 if 180 < x else x, y] for x, y in corners]
    for size in [0.5, 0.03125, 16.0]:
        yield "over the antimeridian", [[over(square(180 - size / 2, -16.0, size))]]
        yield "hole over the antimeridian", [[over(square(180 - size, -16.0, 2 * size)),
                                              over(square(180 - size / 4, -15.75, size / 2))]]


def points(chance, polygons):
    corners = [corner for rings in polygons for ring in rings for corner in ring]
    edges = [edge for rings in polygons for ring in rings for edge in zip(ring, ring[1:] + ring[:1])]
    xs, ys = [c[0] for c in corners], [c[1] for c in corners]
    ulp = lambda v, to: math.nextafter(v, to) if v else 0.0  # beside 0 the next double is 0 to the index
    beside = lambda v: chance.choice([v, v, ulp(v, math.inf), ulp(v, -math.inf)])
    for _ in range(20):
        x, y = chance.choice(corners)
        yield beside(x), beside(y)
        (ax, ay), (bx, by) = chance.choice(edges)
        t = chance.choice([0.5, 0.25, chance.random()])
        if abs(bx - ax) <= 180:
            yield beside(ax + (bx - ax) * t), beside(ay + (by - ay) * t)
        yield chance.choice(xs), chance.choice(ys)
        yield chance.choice(xs), chance.uniform(min(ys), max(ys))
        yield chance.uniform(min(xs), max(xs)), chance.choice(ys)
        yield chance.uniform(min(xs), max(xs)), chance.uniform(min(ys), max(ys))


def is_rounded(x):
    """Whether a turn round the earth takes a bit from a longitude."""
    return any(Fraction(x) + t != Fraction(x + t) for t in (-360, 360))


def main():
    chance = random.Random(7946)
    n_geos = 0
    with open("polygons.txt", "w") as out:
        version = f"shapely {shapely.__version__}, GEOS {shapely.geos_version_string}"
        out.write(f"# Made by polygons.py with {version} and Python's fractions; see there how. Our own data, no copy.\n")
        for name, polygons in shapes(chance):
            crosses = any(180 < abs(a[0] - b[0]) for p in polygons for r in p for a, b in zip(r, r[1:]))
            asked = sorted({(x, y) for x, y in points(chance, polygons)
                            if -180 < x <= 180 and not (crosses and is_rounded(x))})
            answers = [holds(polygons, x, y) for x, y in asked]
            geos = MultiPolygon([(rings[0], rings[1:]) for rings in polygons])
            by = ["even_odd"]
            if geos.is_valid and not crosses:
                differ = [p for p, answer in zip(asked, answers) if geos.covers(Point(p)) != answer]
                assert not differ, (name, differ)
                by.append("GEOS")
                n_geos += len(asked)
            rows = [[x, y, int(answer)] for (x, y), answer in zip(asked, answers)]
            line = {"name": name, "by": by, "polygons": polygons, "points": rows}
            out.write(json.dumps(line, separators=(",", ":")) + "\n")
            print(name, by, len(rows), sum(answers), file=sys.stderr)
    print(n_geos, "points asked of GEOS", file=sys.stderr)


if __name__ == "__main__":
    main()
