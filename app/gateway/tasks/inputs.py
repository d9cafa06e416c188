"""Task.input read into a handler's frozen parameters, by one marshmallow schema per Task code.

A schema names the inputs its code takes and what each means; a problem points at `Task.input[n]`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields

from app.domain.codes import InputType
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.references import Identifier, Reference
from app.domain.tasks import Task, TaskInput

# More is no list that anybody wrote; each may cost a look into the store.
MOST_REPEATED = 500


class InputField(fields.Field[Any]):
    """One input type; `kinds` are the value[x] spellings it takes."""

    kinds: ClassVar[frozenset[str]] = frozenset()
    repeats: ClassVar[bool] = False

    def __init__(self, *, repeats: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.may_repeat = repeats

    def _deserialize(self, value: list[TaskInput], *_: Any, **__: Any) -> Any:
        if len(value) > 1 and not self.may_repeat:
            text = f"'{value[0].type}' may be given once."
            raise _refused(
                *(Issue(ErrorCode.INPUT_TWICE, text, one.expression) for one in value[1:])
            )
        if len(value) > MOST_REPEATED:
            text = f"'{value[0].type}' may be given {MOST_REPEATED} times."
            raise _refused(Issue(ErrorCode.INPUT_VALUE, text, value[MOST_REPEATED].expression))
        issues = [issue for one in value if (issue := self._kind_issue(one))]
        if issues:
            raise _refused(*issues)
        meanings = [self.meaning(one) for one in value]
        return tuple(meanings) if self.may_repeat else meanings[0]

    def meaning(self, given: TaskInput) -> Any:
        """What one input means; raises ValidationError with Issues."""
        return given.value

    def _kind_issue(self, given: TaskInput) -> Issue | None:
        if given.kind in self.kinds:
            return None
        taken = " or ".join(f"value{kind}" for kind in sorted(self.kinds))
        text = f"'{given.type}' is given as {taken}."
        return Issue(ErrorCode.INPUT_VALUE, text, given.expression)


class TextField(InputField):
    """A string that must be quoted."""

    kinds = frozenset({"String", "Identifier"})

    def meaning(self, given: TaskInput) -> str:
        """The string, or an identifier's value."""
        return _identifier(given).value if given.kind == "Identifier" else str(given.value)


class ReferenceField(InputField):
    """A reference, also spelled as an identifier alone."""

    kinds = frozenset({"Reference", "Identifier"})

    def meaning(self, given: TaskInput) -> Reference:
        """Type and id, identifier, or both."""
        if isinstance(given.value, Reference):
            return given.value
        return Reference(identifier=_identifier(given))


class TaskInputSchema(Schema):
    """Base of every input schema; `parameters` is the dataclass it fills."""

    parameters: ClassVar[type]
    # Inputs that this code knows and has no use for.
    ignored: ClassVar[frozenset[InputType]] = frozenset()


def parameters_of(schema: type[TaskInputSchema], task: Task) -> Any:
    """The handler's parameters; raises Unacceptable with every problem of every input."""
    grouped: dict[str, list[TaskInput]] = defaultdict(list)
    for given in task.inputs:
        if given.type not in schema.ignored:
            grouped[str(given.type)].append(given)
    taken = _instance(schema)
    names = {field.data_key or name for name, field in taken.fields.items()}
    issues = [
        Issue(ErrorCode.INPUT_TYPE, _not_taken(task, name, names), one.expression)
        for name in grouped.keys() - names
        for one in grouped[name]
    ]
    try:
        loaded = taken.load({name: grouped[name] for name in grouped.keys() & names})
    except ValidationError as error:
        issues += _issues_in(error.messages_dict)
    if issues:
        raise Unacceptable(*sorted(issues, key=lambda issue: issue.expression or ""))
    return schema.parameters(**loaded)


@cache
def _instance(schema: type[TaskInputSchema]) -> TaskInputSchema:
    """One for the process: nothing of what it reads stays in it."""
    return schema()


def _not_taken(task: Task, name: str, taken: Iterable[str]) -> str:
    listed = ", ".join(sorted(taken))
    return f"'{task.code}' takes no input '{name}', only {listed}."


def refused(error: ErrorCode, text: str, given: TaskInput) -> ValidationError:
    """What a field raises for one input it cannot take."""
    return _refused(Issue(error, text, given.expression))


def _identifier(given: TaskInput) -> Identifier:
    value = given.value.get("value")
    if value is None:
        raise refused(ErrorCode.INPUT_VALUE, "The identifier has no value.", given)
    return Identifier(given.value.get("system"), value)


def _refused(*issues: Issue) -> ValidationError:
    return ValidationError(list(issues))


def _issues_in(messages: Mapping[str, Any]) -> list[Issue]:
    return [issue for found in messages.values() for issue in found]
