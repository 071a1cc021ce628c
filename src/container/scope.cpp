// scope.cpp - asking the user's systemd for a cgroup.

#include "container/scope.h"

#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/dbus.h"
#include "container/delegation.h"

namespace kist::container {

namespace {

using dbus::Connection;
using dbus::Message;
using dbus::Peer;

constexpr int kTimeoutMs = 5000;
constexpr size_t kMaxEarly = 16;  // jobs that end while we wait to be told of ours
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kObject = "/org/freedesktop/systemd1";

// The name of a unit has no room for more of an id beside its words.
String unit_of(const String& id)
{
    return "kist-" + id.substr(0, 12);
}

String runtime_directory()
{
    const char* directory = ::getenv("XDG_RUNTIME_DIR");
    if (directory && *directory == '/')
        return directory;
    return str::format("/run/user/%u", ::geteuid());
}

// The bus, and systemd's own socket: on a machine without a bus for users, or whose bus does not
// answer to us.
Result<Connection> connect()
{
    const char* addresses = ::getenv("DBUS_SESSION_BUS_ADDRESS");
    String named = addresses ? dbus::socket_path(addresses) : "";
    String directory = runtime_directory();
    struct {
        String path;
        Peer peer;
    } sockets[] = {
        {named, Peer::bus},
        {directory + "/bus", Peer::bus},
        {directory + "/systemd/private", Peer::service},
    };
    Result<Connection> first = Error(ENOENT, "there is none");
    for (auto& socket : sockets) {
        if (socket.path.empty())
            continue;
        auto connection = Connection::open(socket.path, socket.peer, kTimeoutMs);
        if (connection)
            return connection;
        // The error that is told is that of the last socket that was there at all.
        if (!connection.error().is(ENOENT) || first.error().is(ENOENT))
            first = std::move(connection);
        if (first.error().is(ETIMEDOUT))
            break;
    }
    return first;
}

dbus::Call manager_call(const Connection& connection, std::string_view member,
                        std::string_view signature, const dbus::Writer& body)
{
    return {
        .destination = connection.peer() == Peer::bus ? "org.freedesktop.systemd1" : "",
        .path = kObject,
        .interface = kManager,
        .member = member,
        .signature = signature,
        .body = body.bytes(),
    };
}

// Without this a bus passes no signals on ("Message Bus Message Routing").
Result<void> subscribe(Connection& connection)
{
    if (connection.peer() == Peer::service)
        return {};
    dbus::Writer rule;
    rule.text(
        "type='signal',sender='org.freedesktop.systemd1',"
        "interface='org.freedesktop.systemd1.Manager',member='JobRemoved'");
    TRY(connection.call({
        .destination = "org.freedesktop.DBus",
        .path = "/org/freedesktop/DBus",
        .interface = "org.freedesktop.DBus",
        .member = "AddMatch",
        .signature = "s",
        .body = rule.bytes(),
    }));
    return {};
}

// One property of a unit: a struct of its name and a variant, of which the caller adds the value.
void begin_property(dbus::Writer& body, std::string_view name, std::string_view type)
{
    body.align(8);
    body.text(name);
    body.signature(type);
}

// StartTransientUnit(s name, s mode, a(sv) properties, a(sa(sv)) aux)
dbus::Writer transient_unit(const String& unit, const String& id)
{
    dbus::Writer body;
    body.text(unit);
    body.text("fail");
    auto properties = body.begin_array(8);
    begin_property(body, "Description", "s");
    body.text("kist container " + id.substr(0, 12));
    begin_property(body, "Delegate", "b");
    body.boolean(true);
    begin_property(body, "CollectMode", "s");
    body.text("inactive-or-failed");
    begin_property(body, "PIDs", "au");
    auto processes = body.begin_array(4);
    body.number(uint32_t(::getpid()));
    body.end_array(processes);
    body.end_array(properties);
    body.end_array(body.begin_array(8));
    return body;
}

struct Ended {
    String job, result;
};

// JobRemoved(u id, o job, s unit, s result)
Result<Ended> ended_job(const Message& message)
{
    if (message.type != dbus::Type::signal || message.member != "JobRemoved" ||
        message.interface != kManager || message.signature != "uoss")
        return Error(ENOMSG, "another message");
    dbus::Reader body(message);
    TRY(body.number());
    String job(TRY(body.text()));
    TRY(body.text());
    return Ended{std::move(job), String(TRY(body.text()))};
}

Result<void> start_unit(Connection& connection, const String& unit, const String& id)
{
    // The end of the job may be told before its name.
    Vector<Ended> early;
    Message answer = TRY(connection.call(manager_call(connection, "StartTransientUnit",
                                                      "ssa(sv)a(sa(sv))", transient_unit(unit, id)),
                                         [&](const Message& message) {
                                             auto ended = ended_job(message);
                                             if (ended && early.size() < kMaxEarly)
                                                 early.push_back(ended.take());
                                         }));
    if (answer.signature != "o")
        return Error(EPROTO, "an answer that is none");
    String job(TRY(dbus::Reader(answer).text()));
    String result;
    for (const Ended& each : early)
        if (each.job == job)
            result = each.result;
    while (result.empty()) {
        auto ended = ended_job(TRY(connection.receive()));
        if (ended && ended->job == job)
            result = ended->result;
    }
    if (result != "done")
        return Error(EIO, "starting %s ended with \"%s\"", unit.c_str(),
                     str::printable(result, 40).c_str());
    return {};
}

Result<void> ask_for_scope(const String& id)
{
    Connection connection = TRY(connect());
    TRY(subscribe(connection));
    auto started = start_unit(connection, unit_of(id) + ".scope", id);
    // That of the container's last run is not quite gone.
    if (!started && connection.error_name() == "org.freedesktop.systemd1.UnitExists")
        started =
            start_unit(connection, str::format("%s-%d.scope", unit_of(id).c_str(), ::getpid()), id);
    return started;
}

// Before systemd 251 a user's cannot mark what it delegates.
void mark_as_delegated()
{
    auto place = find_delegation();
    if (place && place->own.ends_with(".scope"))
        (void)::setxattr(place->own.c_str(), "user.delegate", "1", 1, 0);
}

Error with_advice(Error error)
{
    if (error.is(ENOENT) || error.is(ECONNREFUSED))
        return std::move(error).with_hint(
            str::format("log in as this user (ssh, or machinectl shell; su and sudo do not start "
                        "the user's systemd), or as root: loginctl enable-linger %u",
                        ::geteuid()));
    if (error.is(ETIMEDOUT))
        return std::move(error).with_hint(
            "see \"systemctl --user status\"; it answers when nothing holds it up");
    if (error.is(EACCES))
        return std::move(error).with_hint(
            "DBUS_SESSION_BUS_ADDRESS and XDG_RUNTIME_DIR must be this user's own");
    return std::move(error).with_hint(
        "see \"systemctl --user status\" and \"journalctl --user\"; or start kist in a scope: "
        "systemd-run --user --scope -p Delegate=yes kist ...");
}

}  // namespace

bool can_ask_for_scope()
{
    return ::geteuid() != 0 && ::access("/run/systemd/system", F_OK) == 0;
}

Result<void> check_scope()
{
    auto connection = connect();
    if (!connection)
        return with_advice(
            std::move(connection).error().context("the user's systemd gives no scope"));
    return {};
}

Result<void> enter_scope(const String& id)
{
    auto done = ask_for_scope(id);
    if (!done)
        return with_advice(std::move(done).error().context("the user's systemd gave no scope"));
    mark_as_delegated();
    return {};
}

bool is_in_scope(const String& path)
{
    return path.find(".scope/kist/") != path.npos;
}

// AttachProcessesToUnit(s unit, s subcgroup, au processes)
Result<void> move_into_scope(const String& path, pid_t process)
{
    size_t end = path.find(".scope/kist/");
    size_t begin = end == path.npos ? end : path.rfind('/', end);
    if (begin == path.npos)
        return Error(EINVAL, "the cgroup %s is not in a scope", path.c_str());
    dbus::Writer body;
    body.text(path.substr(begin + 1, end + 6 - begin - 1));
    body.text(path.substr(end + 6));
    auto processes = body.begin_array(4);
    body.number(uint32_t(process));
    body.end_array(processes);
    auto connection = connect();
    Result<void> moved;
    if (!connection)
        moved = std::move(connection).error();
    else if (auto answer =
                 connection->call(manager_call(*connection, "AttachProcessesToUnit", "ssau", body));
             !answer)
        moved = std::move(answer).error();
    if (!moved)
        return with_advice(std::move(moved).error().context(
            "the user's systemd did not move process %d into %s", process, path.c_str()));
    return {};
}

}  // namespace kist::container
