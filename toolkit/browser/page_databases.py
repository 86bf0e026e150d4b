"""Reads the IndexedDB of a page, in the form in which Playwright's storage state has it and puts it back.

Playwright's own reading (`storage_state(indexed_db=True)`) is not used: it reads all origins of a context, which in a
person's own browser is everything that they have open, and opens pages for it. Here a frame is asked for its own.
"""

from __future__ import annotations

import logging
from typing import Any

from playwright.async_api import Error as PlaywrightError

from toolkit.browser.page_evaluation import evaluate_json
from toolkit.browser.sync_async_runners import Steps

log = logging.getLogger("toolkit")

ANSWER_MS = 3_000  # for a page to tell all; one that is just changing a database keeps others waiting
DATABASE_LIMIT = 1 << 20  # characters of JSON of one origin; what is larger is a cache of the site
RECORD_LIMIT = 1_000  # per store
# Gives JSON: {databases, omitted: names}. A database that is too large is left out, and so is a record that JSON cannot
# hold, such as one with a key of the Web Crypto API: nobody could put it back. The smallest databases come first.
READ_DATABASES = """async ([limit, records]) => {
    const done = request => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
    })
    const isPlain = value =>
        value === null || typeof value === "string" || typeof value === "boolean" ||
        (typeof value === "number" && Number.isFinite(value)) ||
        (Array.isArray(value) && value.every(isPlain)) ||
        (typeof value === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(value)) &&
            Object.values(value).every(inner => inner === undefined || isPlain(inner)))
    const isKept = value => { try { return isPlain(value) } catch { return false } }
    const keyPath = of => Array.isArray(of.keyPath) ? {keyPathArray: of.keyPath}
        : typeof of.keyPath === "string" ? {keyPath: of.keyPath} : {}
    const readStore = async store => {
        const [keys, values] = await Promise.all(
            [done(store.getAllKeys(null, records + 1)), done(store.getAll(null, records + 1))])
        if (keys.length > records) throw new Error("too many records")
        const all = keys.map((key, at) => store.keyPath === null ? {key, value: values[at]} : {value: values[at]})
        return {
            name: store.name, autoIncrement: store.autoIncrement, ...keyPath(store),
            indexes: [...store.indexNames].map(name => store.index(name)).map(index =>
                ({name: index.name, multiEntry: index.multiEntry, unique: index.unique, ...keyPath(index)})),
            records: all.filter(isKept),
        }
    }
    const found = [], omitted = []
    try {
        for (const {name, version} of await indexedDB.databases()) {
            const request = indexedDB.open(name)
            request.onupgradeneeded = () => request.transaction.abort()  // it is gone meanwhile, and stays so
            try {
                const database = await done(request)
                try {
                    const names = [...database.objectStoreNames]
                    const reading = names.length ? database.transaction(names, "readonly") : null
                    const stores = await Promise.all(names.map(name => readStore(reading.objectStore(name))))
                    found.push({name, version, stores})
                } finally { database.close() }
            } catch { omitted.push(name) }
        }
    } catch {}
    const sized = found.map(database => [JSON.stringify(database).length, database]).sort((a, b) => a[0] - b[0])
    let left = limit
    const databases = sized.filter(([size]) => (left -= size) >= 0).map(([, database]) => database)
    omitted.push(...sized.slice(databases.length).map(([, database]) => database.name))
    return JSON.stringify({databases, omitted})
}"""


def read_databases(frame: Any) -> Steps[list[dict[str, Any]]]:
    """The databases of the frame's origin that hold a record; none while it moves on or does not answer.

    Those that are larger than `DATABASE_LIMIT` together are left out, with a word in the log.
    """
    try:
        found = yield from evaluate_json(frame, READ_DATABASES, [DATABASE_LIMIT, RECORD_LIMIT], ANSWER_MS)
    except PlaywrightError as error:  # among them its TimeoutError
        log.debug("the IndexedDB of %s cannot be read: %s", frame.url.partition("?")[0], type(error).__name__)
        return []
    if not isinstance(found, dict):
        return []
    if found.get("omitted"):
        log.debug("left out of the session, as too large: the databases %s", ", ".join(map(str, found["omitted"])))
    databases = [one for one in found.get("databases", ()) if isinstance(one, dict)]
    return [one for one in databases if any(store.get("records") for store in one.get("stores", ()))]
