"""Aliases: other names of collections, in a file of their own. A snapshot of a collection has none, as with the server."""

import json
from pathlib import Path
from typing import Any

from starlette.requests import Request

from .answers import RequestError, json_body, require_known
from .store import Store


def store_of(request: Request) -> Store:
    return request.app.state.store


async def list_aliases(request: Request) -> dict[str, Any]:
    wanted = request.path_params.get("name")
    found = [
        {"alias_name": alias, "collection_name": collection}
        for alias, collection in sorted(store_of(request).aliases.items())
        if wanted is None or collection == wanted
    ]
    return {"aliases": found}


async def change_aliases(request: Request) -> bool:
    """All of the actions, or none."""
    store = store_of(request)
    actions = require_known(await json_body(request), {"actions"}, "a change of aliases").get("actions") or []
    # From here on nobody else comes in between.
    aliases = dict(store.aliases)
    for action in actions:
        apply(store, aliases, action)
    store.write_aliases(aliases)
    return True


# Each with the names that it has.
ACTIONS = {
    "create_alias": {"alias_name", "collection_name"},
    "delete_alias": {"alias_name"},
    "rename_alias": {"old_alias_name", "new_alias_name"},
}


def apply(store: Store, aliases: dict[str, str], action: dict[str, Any]) -> None:
    wanted = require_known(action, ACTIONS, "an alias action")
    if len(wanted) != 1:
        raise RequestError(400, "Format error in JSON body: an alias action is one of " + ", ".join(ACTIONS))
    [(kind, body)] = wanted.items()
    names = require_known(body, ACTIONS[kind], kind)
    missing = ACTIONS[kind] - set(names)
    if missing:
        raise RequestError(400, f"Format error in JSON body: missing field `{min(missing)}`")
    if kind == "create_alias":
        create(store, aliases, names["alias_name"], names["collection_name"])
    elif kind == "delete_alias":
        aliases.pop(names["alias_name"], None)
    else:
        if names["old_alias_name"] not in aliases:
            raise RequestError(404, f"Not found: Alias {names['old_alias_name']} does not exists!")
        aliases[names["new_alias_name"]] = aliases.pop(names["old_alias_name"])


def create(store: Store, aliases: dict[str, str], alias: str, collection: str) -> None:
    if collection not in store.collections:
        raise RequestError(404, f"Not found: Collection `{collection}` doesn't exist!")
    if alias in store.collections:
        raise RequestError(409, f"Wrong input: Collection `{alias}` already exists!")
    aliases[alias] = collection
