// listing.cpp - containers as ps, inspect, stats and prune see them.

#include "cli/listing.h"

#include <unistd.h>

#include <cstring>

#include "base/fs.h"
#include "base/process.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/print.h"
#include "cli/say.h"
#include "container/cgroup_files.h"

namespace kist::cli {

namespace {

using container::Status;

Listed look_at(const service::Engine& engine, container::Summary summary)
{
    Listed listed = {std::move(summary.spec), std::move(summary.state), false, "", 0, 0, {}};
    if (listed.state.status != Status::running)
        return listed;
    if (auto events = read_cgroup(listed.state, "cgroup.events"))
        listed.paused = container::keyed_number(*events, "frozen") == 1;
    if (!listed.spec.attachments.empty())
        if (auto directory =
                sys::open_at(engine.directories.volatiles, listed.spec.id, O_RDONLY | O_DIRECTORY))
            if (auto wiring = network::read_wiring(*directory))
                listed.wiring = std::move(*wiring);
    if (!listed.spec.health)
        return listed;
    listed.health = "starting";
    if (auto document = json::Document::parse(read_health(engine, listed.spec.id)))
        if (auto status = document->root().find("Status"))
            if (auto text = status->text())
                listed.health = std::move(*text);
    return listed;
}

Result<void> measure_inside(const Context& context, const Vector<Listed>& containers,
                            const Fd& answer)
{
    image::Store store = TRY(enter_store(context));
    String sizes;
    for (const Listed& each : containers) {
        uint64_t size = TRY(container::writable_size(store.directory(), each.spec.id));
        sizes.append(reinterpret_cast<const char*>(&size), sizeof size);
    }
    return sys::write_all(answer, sizes);
}

}  // namespace

String read_health(const service::Engine& engine, const String& id)
{
    auto text = fs::read(engine.directories.volatiles, id + "/health.json");
    return text ? String(str::trim(*text)) : "";
}

Result<Vector<Listed>> list_containers(const service::Engine& engine)
{
    Vector<Listed> all;
    for (container::Summary& each : TRY(container::list(engine.directories)))
        all.push_back(look_at(engine, std::move(each)));
    return all;
}

Result<Listed> find_container(const service::Engine& engine, std::string_view name)
{
    return look_at(engine, TRY(container::find(engine.directories, name)));
}

Result<void> measure(const Context& context, Vector<Listed>& containers)
{
    image::Store store = TRY(open_store(context));
    Vector<image::Image> images = TRY(store.images());
    for (Listed& each : containers)
        for (const image::Image& image : images)
            if (image.id.text() == each.spec.image_id)
                each.image_bytes = image.size;
    // A child enters the user namespace, where every file can be looked at.
    sys::Pipe pipe = TRY(sys::pipe());
    (void)flush();
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork");
    if (child == 0) {
        auto measured = measure_inside(context, containers, pipe.writer);
        if (!measured)
            report(measured.error());
        ::_exit(measured ? 0 : 1);
    }
    pipe.writer.close();
    auto sizes = sys::read_all(pipe.reader, containers.size() * sizeof(uint64_t));
    if (TRY(process::wait(child)) != 0 || !sizes ||
        sizes->size() != containers.size() * sizeof(uint64_t))
        return Error(ECANCELED, "cannot measure the files of the containers");
    for (size_t i = 0; i < containers.size(); i++)
        ::memcpy(&containers[i].written, sizes->data() + i * sizeof(uint64_t), sizeof(uint64_t));
    return {};
}

const char* state_word(const Listed& listed)
{
    switch (listed.state.status) {
        case Status::created: return "created";
        case Status::running: return listed.paused ? "paused" : "running";
        case Status::exited: return "exited";
        case Status::restarting: return "restarting";
    }
    return "";  // unreachable: -Wswitch keeps the list complete
}

String status_text(const Listed& listed)
{
    String text = container::describe(listed.state);
    if (listed.paused)
        return text + " (Paused)";
    if (listed.health.empty())
        return text;
    return text +
           (listed.health == "starting" ? " (health: starting)" : " (" + listed.health + ")");
}

std::optional<String> read_cgroup(const container::State& state, const char* file)
{
    if (state.cgroup.empty())
        return std::nullopt;
    auto text = fs::read_path(state.cgroup + "/" + file);
    return text ? std::optional(std::move(*text)) : std::nullopt;
}

String joined(const Vector<String>& words, const char* separator)
{
    String text;
    for (const String& word : words)
        text += (text.empty() ? "" : separator) + word;
    return text;
}

}  // namespace kist::cli
