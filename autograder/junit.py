"""JUnit XML of a class, as CI servers read it: a suite a submission, a case a check."""

import xml.etree.ElementTree as ET

from autograder import wire
from autograder.diagnosis import where
from autograder.pages import title
from autograder.report import CheckResult, Result, TaskResult

KINDS = ("failure", "error", "skipped")


def to_junit(results: list[Result]) -> str:
    """The whole document. A fault of the judge is a skipped case: neither passed nor failed."""
    root = ET.Element("testsuites", name=results[0].room if results else "")
    for result in results:
        cases = [_case(task, check) for task in result.tasks for check in task.checks]
        if result.status == "unreadable":
            cases = [ET.Element("testcase", classname="submission", name="can be read")]
            ET.SubElement(cases[0], "error", type="unreadable", message=_xml(result.message))
        elif result.status == "infra_error":
            cases = [ET.Element("testcase", classname="submission", name="was judged")]
            ET.SubElement(cases[0], "skipped", message=_xml(f"a fault of the judge: {result.message}"))
        counts = {kind: str(sum(case.find(kind) is not None for case in cases)) for kind in KINDS}
        tests = {"name": _xml(title(result)), "tests": str(len(cases)), "failures": counts["failure"]}
        suite = ET.SubElement(root, "testsuite", tests, errors=counts["error"], skipped=counts["skipped"])
        if result.status != "infra_error":
            properties = ET.SubElement(suite, "properties")
            facts = {"points": result.points, "max_points": result.max_points, **result.metrics}
            for name, value in facts.items():
                ET.SubElement(properties, "property", name=_xml(name), value=f"{value:.10g}")
        suite.extend(cases)
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode", xml_declaration=False, short_empty_elements=True) + "\n"


def _case(task: TaskResult, check: CheckResult) -> ET.Element:
    case = ET.Element("testcase", classname=_xml(task.name), name=_xml(check.name))
    if not check.passed:
        kind = "failure" if check.status in ("failed", "partial", "not_attempted", "missing") else "error"
        said = (check.message, check.hint, where(task.lesson).strip())
        text = "\n".join(line for line in said if line)
        ET.SubElement(case, kind, type=check.status, message=_xml(check.message)).text = _xml(text)
    return case


def _xml(text: str) -> str:
    """What XML 1.0 can hold: two characters of Unicode are left to remove from cleaned text."""
    return wire.clean(text).translate(dict.fromkeys((0xFFFE, 0xFFFF), "\N{REPLACEMENT CHARACTER}"))
