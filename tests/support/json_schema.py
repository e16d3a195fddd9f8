# SPDX-License-Identifier: Apache-2.0
"""The part of JSON Schema 2020-12 that daemon/app/openapi.json uses; a keyword it does not know is an error."""
import re

TYPES = {'object': dict, 'array': list, 'string': str, 'integer': int, 'number': (int, float), 'boolean': bool, 'null': type(None)}
INSTANT = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z')
KNOWN = {'type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'format', 'pattern', 'minimum', 'maximum',
         'minLength', 'maxLength', 'anyOf', '$ref', 'description'}


def is_type(value, name):
    if isinstance(value, bool):
        return name == 'boolean'
    return isinstance(value, TYPES[name])


class Schemas:
    def __init__(self, document):
        self.document = document

    def find(self, reference):
        node = self.document
        for word in reference.removeprefix('#/').split('/'):
            node = node[word]
        return node

    def errors(self, schema, value, at='$'):
        """[sentence]: what about the value is not as the schema says."""
        unknown = set(schema) - KNOWN
        if unknown:
            return [f'{at}: the schema has {unknown}']
        if '$ref' in schema:
            return self.errors(self.find(schema['$ref']), value, at)
        if 'anyOf' in schema:
            all_found = [self.errors(one, value, at) for one in schema['anyOf']]
            return [] if [] in all_found else [f'{at}: fits none of anyOf'] + max(all_found, key=len)
        types = schema.get('type', list(TYPES))
        if not any(is_type(value, name) for name in ([types] if isinstance(types, str) else types)):
            return [f'{at}: {value!r} is no {types}']
        found = self.of_value(schema, value, at)
        if isinstance(value, dict):
            found += self.of_object(schema, value, at)
        if isinstance(value, list) and 'items' in schema:
            for number, item in enumerate(value):
                found += self.errors(schema['items'], item, f'{at}[{number}]')
        return found

    @staticmethod
    def of_value(schema, value, at):
        found = []
        if 'enum' in schema and value not in schema['enum']:
            found.append(f'{at}: {value!r} is none of {schema["enum"]}')
        if isinstance(value, str):
            if schema.get('format') == 'date-time' and not INSTANT.fullmatch(value):
                found.append(f'{at}: {value!r} is no instant')
            if 'pattern' in schema and not re.search(schema['pattern'], value):
                found.append(f'{at}: {value!r} is not like {schema["pattern"]}')
            if not schema.get('minLength', 0) <= len(value) <= schema.get('maxLength', len(value)):
                found.append(f'{at}: {len(value)} characters')
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if not schema.get('minimum', value) <= value <= schema.get('maximum', value):
                found.append(f'{at}: {value} lies outside')
        return found

    def of_object(self, schema, value, at):
        found = [f'{at}: {name} is missing' for name in schema.get('required', ()) if name not in value]
        for name, item in value.items():
            inner = schema.get('properties', {}).get(name, schema.get('additionalProperties', True))
            if inner is False:
                found.append(f'{at}: {name} is not described')
            elif inner is not True:
                found += self.errors(inner, item, f'{at}.{name}')
        return found
