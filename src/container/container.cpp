// container.cpp - containers as users know them: all of them, or one by its name.

#include "container/container.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "base/fs.h"
#include "base/log.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

namespace {

int newest_first(const void* left, const void* right)
{
    const Summary &a = **static_cast<Summary*const*>(left),
                  &b = **static_cast<Summary*const*>(right);
    return b.spec.created.compare(a.spec.created);
}

// ENOENT when it is just being made, or was just removed.
Result<Summary> summary_of(const Directories& directories, const String& id)
{
    auto spec = directories.read_spec(id);
    if (!spec && !spec.error().is(EBADMSG))
        return std::move(spec).error();
    Fd directory = TRY(directories.open_container(id));
    if (!spec) {  // so that it can be seen and removed
        log::warn("the record of container %.12s is damaged: %s; \"kist rm -f %.12s\" removes it",
                  id.c_str(), spec.error().message().c_str(), id.c_str());
        spec = Spec();
        spec->id = id;
        spec->name = id.substr(0, 12);
        spec->argv = {""};
    }
    auto state = read_state(directory);
    Summary summary = {std::move(*spec), State()};
    if (state) {
        summary.state = std::move(*state);
    } else if (!state.error().is(ENOENT)) {
        summary.state.error = state.error().message();
        summary.state.status = Status::exited;
    }
    if (is_alive(summary.state) && !TRY(directories.is_locked(id))) {
        summary.state.status = Status::exited;
        summary.state.exit_code = 128 + SIGKILL;  // as the sweep will have it, once there is room
    }
    return summary;
}

// The id that `name` means: a name, an id or the beginning of one.
Result<String> resolve(const Directories& directories, const String& name)
{
    auto named = directories.id_of_name(name);
    // Not what no name looks like.
    if (named || !(named.error().is(ENOENT) || named.error().is(EINVAL)))
        return named;
    String found;
    for (String& id : TRY(fs::list(directories.containers))) {
        if (name.empty() || !id.starts_with(name))
            continue;
        if (!found.empty())
            return Error(EINVAL, "\"%s\" is the beginning of more than one container's id",
                         name.c_str())
                .with_hint("give more digits of it");
        found = std::move(id);
    }
    if (!found.empty())
        return found;
    return Error(ENOENT, "no container \"%s\"", name.c_str())
        .with_hint("\"kist ps -a\" lists them");
}

}  // namespace

Result<Vector<Spec>> all_specs(const image::Places& places)
{
    Directories directories = TRY(Directories::open(places));
    Vector<Spec> all;
    for (const String& id : TRY(fs::list(directories.containers))) {
        auto spec = directories.read_spec(id);
        if (spec)
            all.push_back(std::move(*spec));
        else if (!spec.error().is(ENOENT))
            return std::move(spec).error().context("container %.12s", id.c_str());
    }
    return all;
}

Result<Vector<Summary>> list(const Directories& directories)
{
    Vector<Summary> all;
    for (const String& id : TRY(fs::list(directories.containers))) {
        auto summary = summary_of(directories, id);
        if (summary)
            all.push_back(std::move(*summary));
        else if (!summary.error().is(ENOENT))
            log::warn("container %.12s: %s", id.c_str(), summary.error().message().c_str());
    }
    Vector<Summary*> order;
    for (Summary& each : all)
        order.push_back(&each);
    // qsort(3) is a tenth of the size of std::sort.
    ::qsort(order.data(), order.size(), sizeof(Summary*), newest_first);
    Vector<Summary> sorted;
    sorted.reserve(all.size());
    for (Summary* each : order)
        sorted.push_back(std::move(*each));
    return sorted;
}

Result<Summary> find(const Directories& directories, std::string_view name)
{
    String id = TRY(resolve(directories, String(name)));
    auto summary = summary_of(directories, id);
    if (!summary && summary.error().is(ENOENT))
        return Error(ENOENT, "no container \"%.*s\"", int(name.size()), name.data())
            .with_hint("\"kist ps -a\" lists them");
    return summary;
}

Result<Vector<Digest>> images_in_use(const image::Places& places)
{
    Vector<Digest> used;
    for (const Spec& spec : TRY(all_specs(places))) {
        if (spec.image_id.empty())
            continue;
        Digest digest = TRY(Digest::parse(spec.image_id));
        if (std::find(used.begin(), used.end(), digest) == used.end())
            used.push_back(digest);
    }
    return used;
}

Result<Vector<String>> containers_of(const image::Places& places, const Digest& image)
{
    Vector<String> names;
    for (Spec& spec : TRY(all_specs(places)))
        if (spec.image_id == image.text())
            names.push_back(std::move(spec.name));
    return names;
}

Result<uint64_t> writable_size(const Fd& store, const String& id)
{
    for (const char* name : {"upper", "root"})  // root: the copy where there is no overlay
        if (auto size = fs::tree_size(store, "containers/" + id + "/" + name))
            return size;
    return 0;
}

}  // namespace kist::container
