"""JSON on the wire."""

from typing import Any

import orjson
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_DATACLASS
# Ends of lines in JavaScript: always escaped, as the base class does.
_ESCAPES = ((b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"))


class FastJSONRenderer(JSONRenderer):
    """The same JSON, written by orjson. What that cannot write, and indented JSON, the base class writes.

    Half a surrogate pair that an error quotes is escaped: JSON can say it, UTF-8 cannot.
    """

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        if data is None or self.get_indent(accepted_media_type, renderer_context or {}) is not None:
            return self._by_base_class(data, accepted_media_type, renderer_context)
        try:
            written = orjson.dumps(data, default=_encoder.default, option=_OPTIONS)
        except orjson.JSONEncodeError:
            return self._by_base_class(data, accepted_media_type, renderer_context)
        for end, escaped in _ESCAPES:
            written = written.replace(end, escaped)
        return written

    def _by_base_class(self, data: Any, accepted_media_type: Any, renderer_context: Any) -> bytes:
        try:
            return super().render(data, accepted_media_type, renderer_context)
        except UnicodeEncodeError:
            return _Escaped().render(data, accepted_media_type, renderer_context)


class _Escaped(JSONRenderer):
    ensure_ascii = True


_encoder = JSONEncoder()
