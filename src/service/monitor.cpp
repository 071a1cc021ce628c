// monitor.cpp - a monitor's beginning.

#include "service/monitor.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/string.h"
#include "container/signals.h"
#include "service/keeper.h"
#include "service/protocol.h"
#include "service/spawn.h"

namespace kist::service {

namespace {

Result<void> monitor(const image::Places& places, const String& id, Fd& socket, Fd lock)
{
    Fd signals = TRY(container::catch_signals());
    std::optional<Message> first = TRY(receive(socket));
    if (!first || first->word != Word::attach)
        return Error(EPIPE, "nobody there");
    Engine engine = {places, TRY(container::choose_outer()), {}};
    engine.directories = TRY(container::Directories::open(engine.places));
    Fd directory = TRY(engine.directories.open_container(id));
    Fd volatile_directory = TRY(fs::make_directory(engine.directories.volatiles, id, 0711));
    container::Spec spec = TRY(engine.directories.read_spec(id));
    container::State record = TRY(container::read_state(directory));
    Keeper keeper(engine, std::move(spec), std::move(record), std::move(directory),
                  std::move(volatile_directory), std::move(signals));
    TRY(keeper.live(std::move(socket), unpack_attachment(first->a), unpack_size(first->b)));
    lock.close();
    keeper.part();
    return {};
}

}  // namespace

Result<Fd> spawn_monitor(const Engine& engine, const String& id, Fd lock)
{
    auto refuse = [](const Fd& socket, const Error& error) {
        (void)send(socket, pack_failure(error));
    };
    return spawn(engine, {kMonitorWord, id, &lock, refuse});
}

int run_monitor(std::span<char* const> words)
{
    auto born = be_born(words);
    if (!born)
        return 125;
    Fd& socket = born->socket;
    auto done = monitor(born->places, born->name, socket, Fd(kBornFile));
    if (done)
        return 0;
    if (socket.is_open())
        (void)send(socket, pack_failure(done.error()));
    return 125;
}

}  // namespace kist::service
