#!/usr/bin/env python3
"""Makes distances.txt and circles.txt: geodesic distances on WGS 84 to 30 digits.

    pip install geographiclib==2.1 mpmath==1.4.1
    python3 geodesics.py

The distance is Bessel's integral over the auxiliary sphere (Karney 2013, equations 7 and 8),
integrated by Gauss-Legendre in 40 digits of mpmath. GeographicLib for Python says only which
geodesic is the shortest: its azimuth and length are where Newton's method starts. Coordinates
and radii are the exact doubles that are written; no number of the index is used.
"""

import math
import random
import sys

import geographiclib
import mpmath
from geographiclib.geodesic import Geodesic
from mpmath import mp, mpf

mp.dps = 40
A, F = mpf(6378137), 1 / mpf("298.257223563")
B, E2 = A * (1 - F), F * (2 - F)
EP2 = E2 / (1 - E2)
DEGREE = mp.pi / 180


def direct(lat1, lng1, azi1, s12):
    """Where a geodesic arrives, and its azimuth there; degrees and metres."""
    alpha1, phi1 = mpf(azi1) * DEGREE, mpf(lat1) * DEGREE
    beta1 = mp.atan((1 - F) * mp.tan(phi1))
    sin_alpha0 = mp.sin(alpha1) * mp.cos(beta1)
    cos_alpha0 = mp.sqrt(mp.cos(alpha1) ** 2 + (mp.sin(alpha1) * mp.sin(beta1)) ** 2)
    sigma1 = mp.atan2(mp.sin(beta1), mp.cos(alpha1) * mp.cos(beta1))
    k2 = EP2 * cos_alpha0**2
    stretch = lambda sigma: mp.sqrt(1 + k2 * mp.sin(sigma) ** 2)
    sigma2 = sigma1 + mpf(s12) / B
    for _ in range(60):
        step = (mp.quad(stretch, [sigma1, sigma2]) - mpf(s12) / B) / stretch(sigma2)
        sigma2 -= step
        if abs(step) < mpf(10) ** -36:
            break
    omega = lambda sigma: mp.atan2(sin_alpha0 * mp.sin(sigma), mp.cos(sigma))
    omega12 = omega(sigma2) - omega(sigma1)
    if mp.sin(alpha1) < 0 < omega12:
        omega12 -= 2 * mp.pi
    if omega12 < 0 < mp.sin(alpha1):
        omega12 += 2 * mp.pi
    late = lambda sigma: (2 - F) / (1 + (1 - F) * stretch(sigma))
    lambda12 = omega12 - F * sin_alpha0 * mp.quad(late, [sigma1, sigma2])
    sin_beta2 = cos_alpha0 * mp.sin(sigma2)
    cos_beta2 = mp.sqrt((cos_alpha0 * mp.cos(sigma2)) ** 2 + sin_alpha0**2)
    lat2 = mp.atan2(sin_beta2, (1 - F) * cos_beta2) / DEGREE
    azi2 = mp.atan2(sin_alpha0, cos_alpha0 * mp.cos(sigma2))
    return lat2, mpf(lng1) + lambda12 / DEGREE, azi2


def turned(lng):
    """A difference of longitudes, the short way round."""
    return lng - 360 * mp.nint(lng / 360)


def inverse(lat1, lng1, lat2, lng2):
    """The distance in metres, to 25 digits and more."""
    mask = Geodesic.STANDARD | Geodesic.REDUCEDLENGTH
    start = Geodesic.WGS84.Inverse(lat1, lng1, lat2, lng2, mask)
    azi1, s12, m12 = mpf(start["azi1"]), mpf(start["s12"]), mpf(start["m12"])
    if s12 == 0:
        return mpf(0)
    for _ in range(40):
        lat, lng, azi2 = direct(lat1, lng1, azi1, s12)
        phi = lat * DEGREE
        w2 = 1 - E2 * mp.sin(phi) ** 2
        north = A * (1 - E2) / w2 ** mpf(1.5) * (mpf(lat2) - lat) * DEGREE
        east = A / mp.sqrt(w2) * mp.cos(phi) * turned(mpf(lng2) - lng) * DEGREE
        ahead = north * mp.cos(azi2) + east * mp.sin(azi2)
        aside = east * mp.cos(azi2) - north * mp.sin(azi2)
        s12 += ahead
        azi1 += aside / m12 / DEGREE if m12 else 0
        if abs(ahead) < mpf(10) ** -22 and abs(aside) < mpf(10) ** -18:
            assert abs(s12 - start["s12"]) < 1e-7, (lat1, lng1, lat2, lng2, s12, start)
            return s12
    raise ArithmeticError((lat1, lng1, lat2, lng2))


def settled(lat, lng):
    """The doubles nearest to a place."""
    return float(lat), float(turned(lng))


def pairs(chance):
    u = chance.uniform
    yield from ((u(-90, 90), u(-180, 180), u(-90, 90), u(-180, 180)) for _ in range(60))
    for _ in range(60):
        lat, lng, s = u(-89, 89), u(-180, 180), 10 ** u(-3, 0)
        there = direct(lat, lng, u(0, 360), s)
        yield (lat, lng, *settled(*there[:2]))
    for _ in range(80):
        lat, lng, s = u(-90, 90), u(-180, 180), 10 ** u(0, 5)
        there = direct(lat, lng, u(0, 360), s)
        yield (lat, lng, *settled(*there[:2]))
    for _ in range(60):  # nearly antipodal
        lat, lng = u(-60, 60), u(-180, 180)
        yield lat, lng, -lat + u(-0.4, 0.4), float(turned(mpf(lng) + 180 + u(-0.4, 0.4)))
    for _ in range(40):  # over the antimeridian
        lat = u(-89, 89)
        yield lat, 180 - 10 ** u(-9, 0), lat + 10 ** u(-9, -1), 10 ** u(-9, 0) - 180
    for _ in range(20):  # beside the poles, and over them
        pole = chance.choice([-1, 1])
        yield pole * (90 - 10 ** u(-7, 0)), u(-180, 180), pole * (90 - 10 ** u(-7, 0)), u(-180, 180)
    for _ in range(20):  # along meridians and the equator
        lng = u(-180, 180)
        yield u(-89, 89), lng, u(-89, 89), lng
        yield 0.0, u(-80, 80), 0.0, u(-80, 80)


def rims(chance):
    u = chance.uniform
    offsets = [s * o for s in (-1, 1) for o in (1e-9, 4e-9, 2e-8, 1e-7, 1e-6, 1e-5, 1e-3)]
    centers = [(30.2672, -97.7431), (0.0, 0.0), (-16.8, 180.0), (68.9, -179.9999), (89.999, 12.0), (-89.5, -170.0),
               (1.3, 103.8), (45.0, 0.0), (-33.9, 151.2)]
    radii = [1.0, 25.0, 150.0, 999.9, 5_000.0, 50_000.0, 100_000.0]
    for i in range(700):
        lat, lng = centers[i % len(centers)] if i % 2 else (u(-89.9, 89.9), u(-180, 180))
        radius = chance.choice(radii)
        azimuth = chance.choice([0, 90, 180, 270]) if i % 5 == 0 else u(0, 360)
        lat2, lng2, _ = direct(lat, lng, azimuth, mpf(radius) + mpf(offsets[i % len(offsets)]))
        yield lat, lng, radius, *settled(lat2, lng2)


def write(name, columns, rows):
    versions = f"mpmath {mpmath.__version__}, geographiclib {'.'.join(map(str, geographiclib.__version_info__))}"
    with open(name, "w") as out:
        out.write(f"# Made by geodesics.py with {versions}; see there how. Our own data, no copy.\n# {columns}\n")
        for row in rows:
            out.write(" ".join(row) + "\n")
    print(name, len(rows), file=sys.stderr)


def main():
    rows = [(*map(repr, row), mp.nstr(inverse(*row), 25)) for row in pairs(random.Random(2013))]
    write("distances.txt", "lat1 lng1 lat2 lng2 distance_m", rows)
    excess = lambda row: inverse(row[0], row[1], row[3], row[4]) - mpf(row[2])
    rows = [(*map(repr, row), mp.nstr(excess(row), 8)) for row in rims(random.Random(1825))]
    write("circles.txt", "lat lng radius_m point_lat point_lng distance_m_less_radius_m", rows)


if __name__ == "__main__":
    main()
