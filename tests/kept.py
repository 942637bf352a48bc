"""What thousands of apps of one test worker make alike is made once: compiled templates, and builders of addresses."""

from collections.abc import Callable
from types import CodeType

from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from portal.languages import Translator

_builders: dict[object, Callable[..., tuple[str, str]]] = {}


class KeptTemplates(BytecodeCache):
    """Compiled templates of this process, so that an app of its own for each test costs no compiling of its own.

    The same source compiles differently where constant sentences are written into it, language by language.
    """

    def __init__(self) -> None:
        self._kept: dict[object, CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get(self._name(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._kept[self._name(bucket)] = bucket.code

    def _name(self, bucket: Bucket) -> object:
        say = bucket.environment.globals.get("_")
        spoken = say.language if isinstance(say, Translator) else None
        return bucket.key, bucket.checksum, spoken


class KeptRule(Rule):
    """A route whose builder of addresses, which takes its rule as `self`, is compiled once for all apps."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = self.rule, self.subdomain, self.host, self.merge_slashes, repr(self.defaults), append_unknown
        if key not in _builders:
            _builders[key] = super()._compile_builder(append_unknown)
        return _builders[key]
