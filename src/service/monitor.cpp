// monitor.cpp - a monitor's beginning: what it finds in the two descriptors and words it is born
// with.

#include "service/monitor.h"

#include <sys/prctl.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/string.h"
#include "container/signals.h"
#include "service/keeper.h"
#include "service/protocol.h"

namespace kist::service {

namespace {

Result<void> monitor(const String& root, const String& state, const String& id, Fd& socket, Fd lock)
{
    Fd signals = TRY(container::catch_signals());
    std::optional<Message> first = TRY(receive(socket));
    if (!first || first->word != Word::attach)
        return Error(EPIPE, "nobody there");
    Engine engine = {{root, state}, TRY(container::choose_outer()), {}};
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

int run_monitor(std::span<char* const> words)
{
    if (words.size() != 4)
        return 125;
    (void)::prctl(PR_SET_NAME, "kist", 0, 0, 0);
    if (std::string_view(words[3]) == "debug")
        log::set_level(log::Level::debug);
    Fd socket(kMonitorSocket), lock(kMonitorLock);
    for (const Fd* each : {&socket, &lock})
        (void)::fcntl(each->get(), F_SETFD, FD_CLOEXEC);
    auto done = monitor(words[0], words[1], words[2], socket, std::move(lock));
    if (done)
        return 0;
    if (socket.is_open())
        (void)send(socket, pack_failure(done.error()));
    return 125;
}

}  // namespace kist::service
