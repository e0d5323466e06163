"""Circles in a graph of imports."""

from __future__ import annotations


def find_circles(imports: dict[str, list[str]]) -> list[list[str]]:
    """Return shortest circles, so that each module that imports itself through others is in one of them.

    :param imports: module → the modules that it imports.
    :returns: circles, each the names of its modules in the order in which they import each other.
    """
    circles, seen = [], set[str]()
    for start in sorted(imports):
        if start in seen:
            continue
        circle = _shortest_way_back(start, imports)
        if circle:
            circles.append(circle)
            seen.update(circle)
    return circles


def _shortest_way_back(start: str, imports: dict[str, list[str]]) -> list[str]:
    came_from: dict[str, str] = {}
    queue = [start]
    for module in queue:
        for imported in imports.get(module, []):
            if imported == start:
                way = [module]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if imported not in came_from:
                came_from[imported] = module
                queue.append(imported)
    return []
