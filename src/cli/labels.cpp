// labels.cpp - names and values that users give to volumes and networks.

#include "cli/labels.h"

#include "base/str.h"

namespace kist::cli {

json::Map pairs_of(const Vector<String>& words)
{
    json::Map pairs;
    for (const String& word : words) {
        std::string_view value = word;
        std::string_view name = str::cut(value, '=');
        pairs.emplace_back(name, value);
    }
    return pairs;
}

String text_of(const json::Map& pairs)
{
    String text;
    for (auto& [name, value] : pairs)
        text += (text.empty() ? "" : ",") + name + "=" + value;
    return text;
}

bool has_label(const json::Map& labels, std::string_view wanted)
{
    std::string_view value = wanted;
    std::string_view name = str::cut(value, '=');
    for (auto& [label, text] : labels)
        if (label == name && (name.size() == wanted.size() || text == value))
            return true;
    return false;
}

}  // namespace kist::cli
