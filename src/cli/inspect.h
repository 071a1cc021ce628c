// inspect.h - docker's JSON documents of what there is, made of rows.
//
// A row is a path ("State.Pid") and what stands there: a constant, a member of one of our structs
// as its type says, or what a function writes.  Rows of one object stand together.

#pragma once

#include <span>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/string.h"
#include "cli/listing.h"

namespace kist::cli {

// What rows are about: one of both.
struct Subject {
    const service::Engine* engine = nullptr;
    const Listed* container = nullptr;
    const image::Image* image = nullptr;
    bool sizes = false;  // measure() has been called
};

struct InspectRow {
    const char* path;
    const char* constant = nullptr;  // JSON
    void (*write)(json::Text& out, const Subject& subject) = nullptr;
};

// A row that shows the member `Member` of what `Of` finds in the subject.
template <auto Of, auto Member>
constexpr InspectRow shown(const char* path)
{
    using Value = decltype(json::value_of(Member));
    return {path, nullptr, [](json::Text& out, const Subject& subject) {
                json::write_value(out, json::TypeOf<Value>::type, &(Of(subject).*Member));
            }};
}

// The object that `rows` make.
String write_rows(std::span<const InspectRow> rows, const Subject& subject);

// `subject.sizes` adds SizeRw and SizeRootFs.
String container_document(const Subject& subject);
String image_document(const Subject& subject);

}  // namespace kist::cli
