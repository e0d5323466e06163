"""Places on the map: coordinates in order, in the country, and nested as GeoJSON says (RFC 7946)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..messages import N_, register
from ..types import Severity
from . import Hit, Parts, ProjectContext, check
from .extracts import Found

_W, _N = Severity.WARNING, Severity.NOTE

register(
    "geo.outside_country",
    _W,
    N_("A place outside the country"),
    N_("The point %(value)s lies outside the country."),
    N_("Check the coordinates: first the longitude, then the latitude, both in degrees with decimals."),
    N_("Our reasoning: the country's box, an option of the portal"),
)
register(
    "geo.swapped",
    _W,
    N_("Longitude and latitude swapped"),
    N_("In the point %(value)s the latitude seems to come first: the longitude belongs there."),
    N_("Write first the longitude and then the latitude of each point."),
    N_("OC4IDS 0.9.5: geometry (GeoJSON, longitude first)"),
    remedy_fixed=N_("Write first the longitude and then the latitude: %(example)s"),
)
register(
    "geo.sign_missing",
    _W,
    N_("A longitude or latitude with the wrong sign"),
    N_("The point %(value)s lies outside the country, and inside it when a minus sign is added or removed."),
    N_(
        "West of Greenwich the longitude is negative, south of the equator the latitude: [-76.53, 3.45] is "
        "in Cali."
    ),
    N_("OC4IDS 0.9.5: geometry (GeoJSON, longitude first)"),
)
register(
    "geo.out_of_range",
    _W,
    N_("Coordinates that exist nowhere"),
    N_("%(value)s are not degrees: longitudes go from -180 to 180 and latitudes from -90 to 90."),
    N_("If the coordinates are plane ones, in metres (MAGNA-SIRGAS), convert them to WGS84 degrees."),
    N_("OC4IDS 0.9.5: geometry (GeoJSON, WGS84)"),
)
register(
    "geo.null_island",
    _W,
    N_("A place at zero, zero"),
    N_("The coordinates are %(value)s: a point in the ocean, and usually a sign that they are missing."),
    N_("Write the real coordinates, or remove the geometry and give the address."),
    N_("Our reasoning: zero is not the same as unknown"),
)
register(
    "geo.shape",
    _W,
    N_("Coordinates that do not fit the type of geometry"),
    N_(
        'A geometry of type "%(geometry)s" must have its coordinates nested as %(shape)s, and here they '
        "are not."
    ),
    N_("Check the brackets, or change the type. Mapping programs export this well as GeoJSON."),
    N_("OC4IDS 0.9.5: geometry (GeoJSON, RFC 7946)"),
)
register(
    "geo.incomplete",
    _W,
    N_("A geometry that is not whole"),
    N_("The geometry has no '%(missing)s'."),
    N_(
        "A geometry needs both 'type' and 'coordinates'. If there are no coordinates, leave out the geometry."
    ),
    N_("OC4IDS 0.9.5: geometry (GeoJSON, RFC 7946)"),
)
register(
    "geo.ring_open",
    _W,
    N_("A polygon that does not close"),
    N_("The outline of the polygon does not end at the point where it begins."),
    N_("Repeat the first point at the end of each outline."),
    N_("OC4IDS 0.9.5: geometry (GeoJSON, RFC 7946)"),
)
register(
    "geo.ring_short",
    _W,
    N_("A polygon with too few points"),
    N_(
        "The outline of the polygon has %(value)s points, and it needs four or more, the first one "
        "repeated at the end."
    ),
    N_("Complete the outline, or use a point or a line instead."),
    N_("OC4IDS 0.9.5: geometry (GeoJSON, RFC 7946)"),
)
register(
    "geo.line_short",
    _W,
    N_("A line with a single point"),
    N_("A line needs two or more points, and this one has %(value)s."),
    N_('Complete the line, or use the type "Point".'),
    N_("OC4IDS 0.9.5: geometry (GeoJSON, RFC 7946)"),
)
register(
    "geo.empty_location",
    _N,
    N_("A location that says no place"),
    N_("The location has neither coordinates nor address nor gazetteer."),
    N_("Add at least one of them: 'geometry', 'address' or 'gazetteer'."),
    N_("OC4IDS 0.9.5: locations"),
)

#: Type → how many lists a position is inside of, and how that looks.
_NESTED = {
    "Point": (0, "[lon, lat]"),
    "MultiPoint": (1, "[[lon, lat], …]"),
    "LineString": (1, "[[lon, lat], …]"),
    "MultiLineString": (2, "[[[lon, lat], …], …]"),
    "Polygon": (2, "[[[lon, lat], …]]"),
    "MultiPolygon": (3, "[[[[lon, lat], …]], …]"),
}
#: Deeper than any geometry: where counting stops.
_DEEPEST = 5

#: (west, south, east, north) in degrees
_WORLD = (-180.0, -90.0, 180.0, 90.0)

Position = tuple[float, float]
#: no booleans
_NUMBERS = frozenset({int, float})
#: neither degrees nor metres
_FARTHEST = 1e12


@dataclass(slots=True)
class Shape:
    """A geometry measured once: how deep its first position lies, and every position that can be read."""

    parts: Parts
    kind: Any
    geometry: dict[str, Any]
    #: lists around the first position; None without one
    depth: int | None
    #: (west, south, east, north); None without positions
    box: tuple[float, float, float, float] | None
    #: a position that touches the box's edge, for showing
    sample: Any
    #: position lists right above positions (lines, rings), with the way to each from the geometry
    lines: list[tuple[Parts, list[Any]]]


def _position(node: Any) -> Position | None:
    if not isinstance(node, list) or len(node) < 2:  # noqa: PLR2004  longitude and latitude
        return None
    lon, lat = node[0], node[1]
    if type(lon) not in _NUMBERS or type(lat) not in _NUMBERS:
        return None
    return (lon, lat) if -_FARTHEST < lon < _FARTHEST and -_FARTHEST < lat < _FARTHEST else None


def _depth(node: Any) -> int | None:
    """Lists around the first position below ``node``, or None when there is none."""
    for depth in range(_DEEPEST):
        if _position(node) is not None:
            return depth
        if not isinstance(node, list) or not node:
            return None
        node = node[0]
    return None


def _measure(found: Found) -> Shape | None:
    _, parts, location = found
    geometry = location.get("geometry")
    if not isinstance(geometry, dict):
        return None
    coordinates: Any = geometry.get("coordinates")
    shape = Shape((*parts, "geometry"), geometry.get("type"), geometry, _depth(coordinates), None, None, [])
    if shape.depth is None:
        return shape
    if shape.depth == 0:
        lon, lat = coordinates[0], coordinates[1]
        shape.box, shape.sample = (lon, lat, lon, lat), coordinates[:3]
        return shape
    shape.lines = [(("coordinates",), coordinates)]
    for _ in range(shape.depth - 1):
        shape.lines = [
            ((*parts, i), item)
            for parts, node in shape.lines
            for i, item in enumerate(node)
            if isinstance(item, list)
        ]
    read = [node for _, line in shape.lines for node in line if _position(node) is not None]
    lons, lats = [node[0] for node in read], [node[1] for node in read]
    shape.box = (min(lons), min(lats), max(lons), max(lats))
    shape.sample = read[0][:3]
    return shape


def shapes(ctx: ProjectContext) -> list[Shape]:
    """Every geometry of the project's locations, measured once a project."""
    if ctx.extracts.shapes is None:
        ctx.extracts.shapes = [
            shape for found in ctx.extracts.locations if (shape := _measure(found)) is not None
        ]
    return ctx.extracts.shapes


def _inside(box: tuple[float, ...], country: tuple[float, ...]) -> bool:
    return box[0] >= country[0] and box[1] >= country[1] and box[2] <= country[2] and box[3] <= country[3]


def _place_code(
    box: tuple[float, float, float, float], country: tuple[float, float, float, float]
) -> str | None:
    """What is wrong with where a geometry lies, or None."""
    west, south, east, north = box
    if not any(box):
        return "geo.null_island"
    if _inside(box, country):
        return None
    swapped = (south, west, north, east)
    if _inside(swapped, country):
        return "geo.swapped"
    flipped = ((-east, south, -west, north), (west, -north, east, -south), (-east, -north, -west, -south))
    if any(_inside(each, country) for each in flipped):
        return "geo.sign_missing"
    if not _inside(box, _WORLD):
        # in no country are such latitudes: swapped in any of them
        return "geo.swapped" if _inside(swapped, _WORLD) else "geo.out_of_range"
    return "geo.outside_country"


@check(
    "geo.outside_country",
    needs=("Location",),
    also=("geo.swapped", "geo.sign_missing", "geo.out_of_range", "geo.null_island"),
)
def outside_the_country(ctx: ProjectContext) -> Iterator[Hit]:
    """Positions are [longitude, latitude] in degrees (OC4IDS, geometry) and in the country
    (``country_bbox``).

    One finding a geometry, the likeliest cause first: zeros, swapped, sign, not degrees, elsewhere.
    A latitude beyond ±90 that is a longitude, beside one that is a latitude, is swapped in every country.
    """
    for shape in shapes(ctx):
        code = _place_code(shape.box, ctx.options.country_bbox) if shape.box else None
        if code:
            yield Hit((*shape.parts, "coordinates"), shape.sample, code=code)


@check("geo.shape", needs=("Location",))
def wrong_nesting(ctx: ProjectContext) -> Iterator[Hit]:
    """Coordinates are nested as their type says; the schema accepts a flat polygon (RFC 7946, 3.1)."""
    for shape in shapes(ctx):
        nested = _NESTED.get(shape.kind) if isinstance(shape.kind, str) else None
        if nested and isinstance(shape.geometry.get("coordinates"), list) and shape.depth != nested[0]:
            yield Hit(
                (*shape.parts, "coordinates"), shape.sample, {"geometry": shape.kind, "shape": nested[1]}
            )


@check("geo.incomplete", needs=("Location",))
def incomplete_geometry(ctx: ProjectContext) -> Iterator[Hit]:
    """A geometry has a type and coordinates (RFC 7946, 3.1); the schema demands neither."""
    for shape in shapes(ctx):
        missing = [name for name in ("type", "coordinates") if name not in shape.geometry]
        if len(missing) == 1:
            yield Hit(shape.parts, None, {"missing": missing[0]})


@check("geo.ring_open", needs=("Location",), also=("geo.ring_short",))
def polygon_rings(ctx: ProjectContext) -> Iterator[Hit]:
    """Rings have four positions or more, the last the same as the first (RFC 7946, 3.1.6)."""
    for shape in shapes(ctx):
        if shape.kind not in ("Polygon", "MultiPolygon") or shape.depth != _NESTED[shape.kind][0]:
            continue
        for parts, ring in shape.lines:
            if len(ring) < 4:  # noqa: PLR2004  RFC 7946, 3.1.6
                yield Hit((*shape.parts, *parts), len(ring), code="geo.ring_short")
            elif _position(ring[0]) != _position(ring[-1]):
                yield Hit((*shape.parts, *parts))


@check("geo.line_short", needs=("Location",))
def short_line(ctx: ProjectContext) -> Iterator[Hit]:
    """A line has two positions or more (RFC 7946, 3.1.4)."""
    for shape in shapes(ctx):
        if shape.kind in ("LineString", "MultiLineString") and shape.depth == _NESTED[shape.kind][0]:
            for parts, line in shape.lines:
                if len(line) < 2:  # noqa: PLR2004  RFC 7946, 3.1.4
                    yield Hit((*shape.parts, *parts), len(line))


@check("geo.empty_location", needs=("Location",))
def empty_location(ctx: ProjectContext) -> Iterator[Hit]:
    """A location is described by geometry, address or gazetteer, in one way at least (OC4IDS, locations)."""
    for _, parts, location in ctx.extracts.locations:
        if location and not any(location.get(name) for name in ("geometry", "address", "gazetteer", "uri")):
            yield Hit(parts)
