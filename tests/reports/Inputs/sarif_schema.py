"""sarif_schema.py: a JSON schema for what we write of SARIF 2.1.0, from the standard's text.

It is narrower than the standard: what we do not write is not allowed, so that a misspelt name is found. Numbers in
comments are sections of the standard.
"""


def obj(required, **properties):
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


def array(items, **more):
    return {"type": "array", "items": items, **more}


def ref(name):
    return {"$ref": "#/definitions/" + name}


TEXT = {"type": "string", "minLength": 1}
ANY_TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
NUMBER = {"type": "integer", "minimum": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}  # 3.27.10
URI = {"type": "string", "minLength": 1,  # RFC 3986; no colon in a path
       "pattern": r"^([A-Za-z][A-Za-z0-9+.-]*:)?[A-Za-z0-9\-._~/%!$&'()*+,;=@#?]*$"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}  # 3.9
MESSAGE = obj("text", text=TEXT)  # 3.11
PROPERTIES = {"type": "object"}  # 3.8

DEFINITIONS = {
    "artifactLocation": obj("uri", uri=URI, uriBaseId=TEXT),  # 3.4
    "location": obj(  # 3.28
        "physicalLocation", id=NUMBER, message=MESSAGE,
        physicalLocation=obj(  # 3.29
            "artifactLocation", artifactLocation=ref("artifactLocation"),
            region=obj("startLine", startLine=NUMBER, startColumn=NUMBER, endLine=NUMBER, endColumn=NUMBER,
                       snippet=obj("text", text=ANY_TEXT)),  # 3.30
            address=obj("", relativeAddress=COUNT, kind=TEXT)),  # 3.32
        logicalLocations=array(obj("", fullyQualifiedName=TEXT, kind=TEXT), minItems=1)),  # 3.33
    "notification": obj("message", descriptor=obj("id", id=TEXT), level=LEVEL, message=MESSAGE),  # 3.58
    "rule": obj(  # 3.49
        "id name shortDescription fullDescription help defaultConfiguration",
        id={"type": "string", "pattern": "^[a-z0-9-]+$"},
        name={"type": "string", "pattern": "^[A-Za-z0-9]+$", "maxLength": 255},
        shortDescription=MESSAGE, fullDescription=MESSAGE, help=obj("text markdown", text=TEXT, markdown=TEXT),
        helpUri={"type": "string", "pattern": "^https://"}, defaultConfiguration=obj("level", level=LEVEL),
        properties=obj("tags precision problem.severity", tags=array(TEXT, uniqueItems=True, maxItems=10),
                       precision={"enum": ["very-high", "high", "medium", "low"]},
                       **{"problem.severity": {"enum": ["error", "warning", "recommendation"]}})),
    "invocation": obj(  # 3.20
        "executionSuccessful toolExecutionNotifications", executionSuccessful={"type": "boolean"}, commandLine=ANY_TEXT,
        arguments=array(ANY_TEXT), startTimeUtc=TIME, endTimeUtc=TIME, exitSignalName=TEXT, exitCodeDescription=TEXT,
        processId=COUNT, executableLocation=ref("artifactLocation"), workingDirectory=ref("artifactLocation"),
        environmentVariables={"type": "object", "additionalProperties": ANY_TEXT},
        toolExecutionNotifications=array(ref("notification")), properties=PROPERTIES),
    "step": obj(  # 3.38
        "location", location=ref("location"), module=TEXT, kinds=array(TEXT, uniqueItems=True), nestingLevel=COUNT,
        executionOrder=COUNT, importance={"enum": ["important", "essential", "unimportant"]}),
    "result": obj(  # 3.27
        "ruleId ruleIndex level message locations partialFingerprints", ruleId=TEXT, ruleIndex=COUNT, level=LEVEL,
        message=MESSAGE, locations=array(ref("location"), maxItems=10),
        partialFingerprints={"type": "object", "additionalProperties": TEXT},
        relatedLocations=array(ref("location"), uniqueItems=True, maxItems=100),
        codeFlows=array(obj("threadFlows", threadFlows=array(  # 3.36, 3.37
            obj("locations", id=TEXT, message=MESSAGE, locations=array(ref("step"), minItems=1)), minItems=1))),
        occurrenceCount=NUMBER, provenance=obj("", invocationIndex=COUNT), properties=PROPERTIES),
    "run": obj(  # 3.14
        "tool results invocations columnKind",
        tool=obj("driver", driver=obj("name rules", name=TEXT, version=TEXT, rules=array(ref("rule"), uniqueItems=True))),
        originalUriBaseIds={"type": "object",
                            "additionalProperties": obj("uri", uri={"type": "string", "pattern": "^file:///.*/$"})},
        columnKind={"const": "utf16CodeUnits"}, results=array(ref("result"), maxItems=25000),
        invocations=array(ref("invocation"))),
}

SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "definitions": DEFINITIONS,
    **obj("$schema version runs", version={"const": "2.1.0"}, runs=array(ref("run"), maxItems=20),
          **{"$schema": {"type": "string", "pattern": "sarif.*2\\.1\\.0.*json$"}}),
}
