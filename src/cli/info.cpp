// info.cpp - where things are, how ids are mapped, and how many there are.

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "cli/say.h"
#include "container/delegation.h"
#include "network/bridge.h"
#include "network/firewall.h"
#include "service/agent.h"
#include "version.h"

namespace kist::cli {

namespace {

struct InfoFlags {
    bool json = false;
    String format;
};

// clang-format off
constexpr Flag kFlags[] = {
    flag<&InfoFlags::format>('f', "format", "FORMAT", "json, or a template such as '{{.DockerRootDir}}'"_help),
    flag<&InfoFlags::json>  (0,   "json",   nullptr,  "Print JSON, with line breaks"_help),
};
// clang-format on

struct Fact {
    const char* field;  // docker's name, or one of ours
    const char* title;  // in the list for people; nullptr: not in it
    String value;
    bool number = false;
};

String decimal(unsigned long long count)
{
    return str::format("%llu", count);
}

// PRETTY_NAME of os-release(5).
String system_name()
{
    auto text = fs::read_path("/etc/os-release");
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    while (!rest.empty()) {
        std::string_view value = str::cut(rest, '\n');
        if (str::cut(value, '=') != "PRETTY_NAME")
            continue;
        bool quoted = value.size() > 1 && value.starts_with('"') && value.ends_with('"');
        return String(quoted ? value.substr(1, value.size() - 2) : value);
    }
    return "Linux";
}

// Who is in the way of containers' networks.
void add_firewalls(Vector<Fact>& facts, const service::Engine& engine)
{
    if (engine.outer.map.tier != image::StoreMap::Tier::root)
        return;
    String firewalls;
    auto networks = network::Networks::open(engine.directories.store);
    auto all = networks ? networks->list() : std::move(networks).error();
    for (size_t i = 0; all && i < all->size(); i++)
        if (auto obstacles = network::find_obstacles((*all)[i]))
            for (const network::Obstacle& each : *obstacles)
                firewalls.append(firewalls.empty() ? "" : "; ")
                    .append(each.chain)
                    .append(": ")
                    .append(each.remedy);
    if (!firewalls.empty())
        facts.push_back({"Firewalls", "firewalls", std::move(firewalls)});
}

Result<Vector<Fact>> gather(const Context& context)
{
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    image::Store store = TRY(open_store(context));
    Vector<Listed> containers = TRY(list_containers(engine));
    size_t running = 0, paused = 0;
    for (const Listed& each : containers) {
        bool runs = each.state.status == container::Status::running;
        running += runs && !each.paused;
        paused += each.paused;
    }
    utsname kernel;
    ::uname(&kernel);
    struct sysinfo memory;
    ::sysinfo(&memory);
    auto place = container::find_delegation();
    size_t images = TRY(store.images()).size();
    Vector<Fact> facts = {
        {"ServerVersion", "version", kVersion},
        {"DockerRootDir", "root", context.places.root},
        {"StateDir", "state", context.places.state},
        {"IdMap", "ids", context.outer.map.text},
        {"IdMapReason", context.outer.reason.empty() ? nullptr : "ids because",
         context.outer.reason},
        {"Images", "images", decimal(images), true},
        {"Containers", "containers", decimal(containers.size()), true},
        {"ContainersRunning", "running", decimal(running), true},
        {"ContainersPaused", nullptr, decimal(paused), true},
        {"ContainersStopped", nullptr, decimal(containers.size() - running - paused), true},
        {"KernelVersion", "kernel", kernel.release},
        {"Platform", "platform", image::Platform::host().text()},
        {"Cgroup", "cgroup", place ? place->path : "none: " + place.error().message()},
        {"CgroupVersion", nullptr, place ? "2" : ""},
        {"OperatingSystem", nullptr, system_name()},
        {"OSType", nullptr, "linux"},
        {"Architecture", nullptr, kernel.machine},
        {"Name", nullptr, kernel.nodename},
        {"NCPU", nullptr, decimal(static_cast<unsigned long long>(::sysconf(_SC_NPROCESSORS_ONLN))),
         true},
        {"MemTotal", nullptr, decimal(uint64_t(memory.totalram) * memory.mem_unit), true},
        {"Driver", nullptr, "overlay2"},
        {"LoggingDriver", nullptr, "json-file"},
    };
    if (auto agent = service::Agent::find_living(engine); agent && *agent)
        facts.push_back({"NetworkAgent", "agent", str::format("process %d", (*agent)->process())});
    add_firewalls(facts, engine);
    return facts;
}

Result<int> info(const InfoFlags& flags, const Context& context, Arguments)
{
    Vector<Fact> facts = TRY(gather(context));
    if (!flags.json && flags.format.empty()) {
        for (const Fact& fact : facts)
            if (fact.title)
                say("%-12s %s\n", fact.title, fact.value.c_str());
        // What networks change of this machine; an ordinary user's change nothing.
        if (context.outer.map.tier == image::StoreMap::Tier::root)
            for (const network::Setting& setting : network::settings())
                say("networks set %s = %s (%s)\n", setting.name, setting.value, setting.reason);
        return 0;
    }
    json::Text out(flags.json ? json::Layout::pretty : json::Layout::compact);
    out.begin('{');
    for (const Fact& fact : facts) {
        out.name(fact.field);
        if (fact.number)
            out.raw(fact.value);
        else
            out.text(fact.value);
    }
    out.end('}');
    TRY(print_document(std::move(out).take(), flags.json ? "json" : flags.format));
    return 0;
}

}  // namespace

extern const Command kInfo = {
    .name = "info",
    .operands = "",
    .summary = "Say where things are and how ids are mapped"_help,
    .flags = kFlags,
    .run = with_context<InfoFlags, info>,
};

}  // namespace kist::cli
