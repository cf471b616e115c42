"""What the SCAP Security Guide says of audit rules: profiles, checks, references and the patterns that checks look for.

It reads ssg-PRODUCT-xccdf.xml and ssg-PRODUCT-oval.xml. Only checks that look at /etc/audit/rules.d or audit.rules are kept.
"""

import os
import re
import xml.etree.ElementTree as ET

XCCDF = "{http://checklists.nist.gov/xccdf/1.2}"
OVAL = "{http://oval.mitre.org/XMLSchema/oval-definitions-5}"
INDEPENDENT = OVAL[:-1] + "#independent}"
SECTIONS = ("definitions", "tests", "objects", "states", "variables")
OVAL_ID = re.compile(r"oval:[\w.\-]+:(?:def|tst|obj|ste|var):\d+")
RULES_FILES = re.compile(r"/etc/audit/(rules\\?\.d|audit\\?\.rules)")


def local(element):
    return element.tag.rsplit("}", 1)[-1]


class Check:
    """A rule of the guide: its name without the prefix, what it refers to, and its OVAL definition."""

    def __init__(self, element):
        self.name = element.get("id").split("_rule_", 1)[1]
        self.title = "".join(element.find(XCCDF + "title").itertext()).strip()
        self.references = [
            (reference.get("href") or "", (reference.text or "").strip()) for reference in element.findall(XCCDF + "reference")
        ]
        self.platforms = [platform.get("idref") for platform in element.findall(XCCDF + "platform")]
        self.definition = None
        self.exports = {}
        cce = [ident.text or "" for ident in element.findall(XCCDF + "ident") if "cce" in (ident.get("system") or "")]
        self.cce = cce[0].strip() if cce else None
        for check in element.iter(XCCDF + "check"):
            if "oval" not in check.get("system"):
                continue
            content = check.find(XCCDF + "check-content-ref")
            if content is not None:
                self.definition = content.get("name")
            for export in check.findall(XCCDF + "check-export"):
                self.exports[export.get("export-name")] = export.get("value-id")


    def machine(self):
        """The machine that it is about, where that is another one than x86_64."""
        found = re.search(r"#(aarch64|ppc64le)_arch", " ".join(self.platforms))
        return found[1] if found else "x86_64"

    def is_for(self, machine):
        platforms = " ".join(self.platforms)
        if f"not_{machine}_arch" in platforms:
            return False
        return self.machine() in (machine, "x86_64")


class Profile:
    """A profile: its title, the names of the checks it selects, and which of a value's choices it takes."""

    def __init__(self, element):
        self.name = element.get("id").rsplit("_profile_", 1)[1]
        self.title = "".join(element.find(XCCDF + "title").itertext()).strip()
        self.selected = {
            select.get("idref").split("_rule_", 1)[-1]
            for select in element.findall(XCCDF + "select")
            if select.get("selected") == "true"
        }
        self.choices = {refine.get("idref"): refine.get("selector") for refine in element.findall(XCCDF + "refine-value")}


class Content:
    """The content of one version of the guide for one product."""

    def __init__(self, directory, product):
        self.product = product
        benchmark = ET.parse(os.path.join(directory, f"ssg-{product}-xccdf.xml")).getroot()
        self.version = benchmark.findtext(XCCDF + "version").strip()
        self.profiles = {profile.name: profile for profile in map(Profile, benchmark.iter(XCCDF + "Profile"))}
        self.values = {
            value.get("id"): {choice.get("selector"): choice.text or "" for choice in value.findall(XCCDF + "value")}
            for value in benchmark.iter(XCCDF + "Value")
        }
        checks = {check.name: check for check in map(Check, benchmark.iter(XCCDF + "Rule"))}
        del benchmark
        self.oval = ET.parse(os.path.join(directory, f"ssg-{product}-oval.xml")).getroot()
        self.elements = {}
        for section in SECTIONS:
            for element in self.oval.find(OVAL + section) or ():
                self.elements[element.get("id")] = element
        self._reached = {}
        self.checks = {
            name: check for name, check in checks.items() if check.definition and self._looks_at_rules(check.definition)
        }

    def _references(self, identifier):
        """The identifiers that an element names, its own aside."""
        known = self._reached.get(identifier)
        if known is None:
            found = set()
            for element in self.elements[identifier].iter():
                for value in element.attrib.values():
                    found.update(OVAL_ID.findall(value))
                if element.text:
                    found.update(OVAL_ID.findall(element.text))
            known = self._reached[identifier] = found - {identifier}
        return known

    def reached(self, definition):
        """Everything that a definition needs, itself included."""
        seen, waiting = set(), [definition]
        while waiting:
            identifier = waiting.pop()
            if identifier not in seen and identifier in self.elements:
                seen.add(identifier)
                waiting.extend(self._references(identifier))
        return seen

    def _looks_at_rules(self, definition):
        for identifier in self.reached(definition):
            element = self.elements[identifier]
            if local(element) != "textfilecontent54_object":
                continue
            for part in element:
                if local(part) == "filepath" and RULES_FILES.search(part.text or ""):
                    return True
        return False

    def selected(self, profile):
        """The names of the checks of audit rules that a profile selects, sorted."""
        if profile not in self.profiles:
            return []
        return sorted(self.profiles[profile].selected & self.checks.keys())

    def variables(self, profile, names):
        """The external variables of checks with the values that a profile gives them."""
        found = {}
        for name in names:
            for variable, value in self.checks[name].exports.items():
                choices = self.values.get(value, {})
                choice = self.profiles[profile].choices.get(value) if profile in self.profiles else None
                found[variable] = choices.get(choice, choices.get(None, ""))
        return found

    def cut(self, names, asks_file=False):
        """The OVAL document with the definitions of these checks and what they need, as text.

        With asks_file the machine is asked for in /proc/machine: in a root directory OpenSCAP does not know it, and passes
        over all conditions on it.
        """
        wanted = set()
        for name in names:
            wanted |= self.reached(self.checks[name].definition)
        root = ET.Element(self.oval.tag, self.oval.attrib)
        for section in self.oval:
            if local(section) not in SECTIONS:
                root.append(section)
                continue
            kept = ET.SubElement(root, section.tag, section.attrib)
            found = (element for element in section if element.get("id") in wanted)
            kept.extend(map(self._of_file, found) if asks_file else found)
            if not len(kept):
                root.remove(kept)
        ET.register_namespace("", OVAL[1:-1])
        return ET.tostring(root, encoding="unicode")

    def _of_file(self, element):
        """A test of the machine, or its object, as one of /proc/machine."""
        kind = local(element)
        if kind not in ("uname_test", "uname_object"):
            return element
        made = ET.Element(f"{INDEPENDENT}textfilecontent54_{kind.split('_')[1]}", element.attrib)
        if kind == "uname_test":
            for part in element:
                if local(part) == "object":
                    ET.SubElement(made, f"{INDEPENDENT}object", part.attrib)
            return made
        of_object = (other for other in self.elements.values() if local(other) == "uname_test")
        test = next(other for other in of_object if element.get("id") in self._references(other.get("id")))
        state = next(part.get("state_ref") for part in test if local(part) == "state")
        ET.SubElement(made, f"{INDEPENDENT}filepath").text = "/proc/machine"
        pattern = ET.SubElement(made, f"{INDEPENDENT}pattern", {"operation": "pattern match"})
        pattern.text = f"^{self.elements[state][0].text}$"
        ET.SubElement(made, f"{INDEPENDENT}instance", {"datatype": "int"}).text = "1"
        return made


class Judge:
    """Says what a check makes of files, quicker than the scanner and without it, for those who write policies.

    It knows text files and the machine x86_64; no package is installed and no other file exists. Where it differs from the
    scanner, the scanner is right.
    """

    def __init__(self, content, profile, files):
        self.content = content
        self.files = files
        self.external = content.variables(profile, content.checks)

    def passes(self, name):
        return self._definition(self.content.checks[name].definition)

    def _definition(self, identifier):
        return self._criteria(self.content.elements[identifier].find(OVAL + "criteria"))

    def _criteria(self, criteria):
        results = []
        for part in criteria:
            kind = local(part)
            if kind == "criteria":
                result = self._criteria(part)
            elif kind == "extend_definition":
                result = self._definition(part.get("definition_ref"))
            else:
                result = self._test(part.get("test_ref"))
            if kind != "criteria" and part.get("negate") == "true":
                result = not result
            results.append(result)
        result = any(results) if criteria.get("operator") == "OR" else all(results)
        return result != (criteria.get("negate") == "true")

    def _test(self, identifier):
        test = self.content.elements[identifier]
        if local(test) == "uname_test":
            state = self.content.elements[next(part.get("state_ref") for part in test if local(part) == "state")]
            processor = next((part for part in state if local(part) == "processor_type"), None)
            return processor is not None and processor.text == "x86_64"
        existence = test.get("check_existence", "at_least_one_exists")
        items = []
        if local(test) == "textfilecontent54_test":
            items = self._matches(next(part.get("object_ref") for part in test if local(part) == "object"))
        exists = {
            "at_least_one_exists": len(items) >= 1,
            "all_exist": len(items) >= 1,
            "any_exist": True,
            "none_exist": not items,
            "only_one_exists": len(items) == 1,
        }[existence]
        if not exists:
            return False
        states = [part.get("state_ref") for part in test if local(part) == "state"]
        fits = [all(self._fits(item, self.content.elements[state]) for state in states) for item in items]
        return any(fits) if test.get("check") == "at least one" and fits else all(fits)

    def _fits(self, item, state):
        for part in state:
            value = item[0] if local(part) == "text" else item[-1]
            wanted = self._texts(part)
            if part.get("operation") == "pattern match":
                if not any(re.search(text, value, re.M) for text in wanted):
                    return False
            elif value not in wanted:
                return False
        return True

    def _matches(self, identifier):
        """What an object finds: the whole match and its groups, once for each."""
        parts = {local(part): part for part in self.content.elements[identifier]}
        if "filepath" not in parts:
            return []
        path = parts["filepath"]
        flags = re.M
        if "behaviors" in parts:
            flags = re.M if parts["behaviors"].get("multiline", "true") == "true" else 0
            flags |= re.S if parts["behaviors"].get("singleline") == "true" else 0
        found = []
        for name, text in sorted(self.files.items()):
            if path.get("operation") == "pattern match":
                if not re.search(path.text, name):
                    continue
            elif name not in self._texts(path):
                continue
            for pattern in self._texts(parts["pattern"]):
                matches = [(match.group(0), *match.groups("")) for match in re.finditer(pattern, text, flags)]
                instance = parts["instance"]
                if instance.get("operation", "equals") == "equals":
                    matches = matches[int(instance.text) - 1 : int(instance.text)]
                found.extend(matches)
        return found

    def _texts(self, part):
        if part.get("var_ref"):
            return self._variable(part.get("var_ref"))
        return [part.text or ""]

    def _variable(self, identifier):
        variable = self.content.elements[identifier]
        if local(variable) == "constant_variable":
            return [value.text or "" for value in variable]
        if local(variable) == "external_variable":
            return [self.external.get(identifier, "")]
        return self._component(variable[0])

    def _component(self, component):
        kind = local(component)
        if kind == "literal_component":
            return [component.text or ""]
        if kind == "variable_component":
            return self._variable(component.get("var_ref"))
        if kind == "concat":
            texts = [""]
            for part in component:
                texts = [text + end for text in texts for end in self._component(part)]
            return texts
        # Counts and lists of files: for the scanner alone.
        return []

    def patterns(self, name):
        """The patterns that a check looks for in rules.d, with the path where it is one file alone."""
        found = {}
        for identifier in sorted(self.content.reached(self.content.checks[name].definition)):
            element = self.content.elements[identifier]
            if local(element) != "textfilecontent54_object":
                continue
            parts = {local(part): part for part in element}
            if RULES_FILES.search(parts["filepath"].text or "") and "rules.d" in parts["filepath"].text.replace("\\", ""):
                for pattern in self._texts(parts["pattern"]):
                    found[pattern] = parts["filepath"].text
        return found

    def exact_files(self, name):
        """The files that a check compares with a text, as path and text."""
        found = {}
        for identifier in self.content.reached(self.content.checks[name].definition):
            test = self.content.elements[identifier]
            if local(test) != "textfilecontent54_test":
                continue
            named = {local(part): self.content.elements.get(part.get(f"{local(part)}_ref")) for part in test}
            path = next(part for part in named["object"] if local(part) == "filepath")
            if "state" in named and path.get("operation", "equals") == "equals":
                text = next((part for part in named["state"] if local(part) == "text"), None)
                if text is not None and text.get("operation") == "equals" and text.text:
                    found[path.text] = text.text
        return found
