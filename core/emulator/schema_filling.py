"""JSON that fits a caller's schema, for the simple schemas that structured output takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

DEEPEST = 8
USUAL_ITEMS = 3
FORMATS = {
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "someone@contoso.example",
    "uri": "https://contoso.example/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}

Schema = dict[str, Any]


class SchemaFilling:
    """Fills one schema.

    Args:
        schema: The root, with its ``$defs``.
        text: Writes a text for a property of the given name.
        chance: Decides numbers and alternatives.
        items: How many items a list gets where the schema leaves it open.
    """

    def __init__(self, schema: Schema, text: Callable[[str], str], chance: random.Random, items: int | None) -> None:
        self._root = schema
        self._text = text
        self._chance = chance
        self._items = items or USUAL_ITEMS

    def fill(self) -> Any:  # noqa: ANN401 - any JSON value
        """Make a value that fits."""
        return self._value(self._root, "", 0)

    def _value(self, schema: Schema, name: str, depth: int) -> Any:  # noqa: ANN401, PLR0911 - one answer per kind of value
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._chance.choice(schema["enum"])
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        if kind in {"integer", "number"}:
            return self._number(schema, kind)
        if kind == "boolean":
            return self._chance.random() < 1 / 2
        return None if kind == "null" else self._string(schema, name)

    def _resolved(self, schema: Schema) -> Schema:
        """Follow references, and take the first alternative that is not null."""
        for _ in range(DEEPEST):
            if "$ref" in schema:
                target: Any = self._root
                for part in schema["$ref"].removeprefix("#").strip("/").split("/"):
                    target = target[part] if part else target
                schema = target
            elif alternatives := schema.get("anyOf") or schema.get("oneOf"):
                schema = next((one for one in alternatives if one.get("type") != "null"), alternatives[0])
            elif parts := schema.get("allOf"):
                schema = {name: value for part in parts for name, value in self._resolved(part).items()}
            else:
                break
        return schema

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = set(schema.get("required") or ())
        names = [name for name in properties if depth < DEEPEST or name in required]
        return {name: self._value(properties[name], name, depth + 1) for name in names}

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        fewest = schema.get("minItems", 0)
        count = fewest if depth >= DEEPEST else max(fewest, min(self._items, schema.get("maxItems", self._items)))
        return [self._value(schema.get("items") or {}, name, depth + 1) for _ in range(count)]

    def _number(self, schema: Schema, kind: str) -> float:
        low = schema.get("minimum", schema.get("exclusiveMinimum", schema.get("maximum", 11) - 10))
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + 9))
        low, high = low + ("exclusiveMinimum" in schema), high - ("exclusiveMaximum" in schema)
        step = schema.get("multipleOf", 1)
        first = -(-low // step) * step
        value = first + step * self._chance.randint(0, max(0, int((high - first) // step)))
        return int(value) if kind == "integer" else value

    def _string(self, schema: Schema, name: str) -> str:
        text = FORMATS.get(schema.get("format", "")) or self._text(name)
        while len(text) < schema.get("minLength", 0):
            text += " " + text
        return text[: schema["maxLength"]] if "maxLength" in schema else text


def _kind(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((one for one in kind if one != "null"), "null")
    if kind is None:
        return "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(kind)
