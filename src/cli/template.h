// template.h - Go's templates over a JSON document, as every --format takes them.
//
//     {{.State.Status}}  {{json .Config}}  {{index .Labels "a.b"}}  {{index .Args 0}}
//     {{range .Mounts}}{{.Source}} {{else}}none{{end}}   {{range $name, $value :=
//     .Labels}}...{{end}}
//     {{if eq .State "running"}}...{{else if .Error}}...{{else}}...{{end}}   {{with
//     .Health}}...{{end}}
//     {{.Names | upper | printf "%-20s"}}   {{$x := len .Args}}   {{- trimmed -}}   {{/* said */}}
//
// Outside of the braces \t and \n are a tab and a line break.  Values print as Go prints them: a
// list is [a b], an object map[a:b c:d], null "<no value>".  A field that is not there is an error
// that names those that are, but in a map such as labels (an object none of whose names has a
// capital first) it is null.
//
// A template comes from the user and is small; what it makes of a document is bounded all the same:
// in nesting, in steps and in bytes of output.

#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/string.h"

namespace kist::cli {

struct TemplateData {
    json::Node root;
    std::string_view whole = {};  // what {{json .}} gives for `root`; empty: its own JSON
    bool titles = false;  // the row of a table's titles: json and methods leave them as they are
};

// EINVAL: a mistake in the template, or something that `data` does not have.
Result<String> render_template(std::string_view text, const TemplateData& data);
// Whether it can be read at all: its structure, functions and variables, but no fields.
Result<void> check_template(std::string_view text);

}  // namespace kist::cli
