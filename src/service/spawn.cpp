// spawn.cpp - starting a monitor: a fresh execve(2) of kist, so that it has no more memory than it
// needs.

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/string.h"
#include "base/sys.h"
#include "container/self.h"
#include "service/monitor.h"
#include "service/protocol.h"

extern char** environ;

namespace kist::service {

namespace {

constexpr int kEmptyPath = 0x1000;  // AT_EMPTY_PATH

// The executable of a living monitor: the peer of a container's socket.
std::optional<Fd> executable_of_another(const void* context)
{
    const auto& engine = *static_cast<const Engine*>(context);
    auto ids = fs::list(engine.directories.volatiles);
    if (!ids)
        return {};
    for (const String& id : *ids) {
        auto directory = sys::open_at(engine.directories.volatiles, id, O_RDONLY | O_DIRECTORY);
        Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        if (!directory || !socket.is_open())
            continue;
        sockaddr_un address = control_address(*directory);
        ucred peer;
        socklen_t size = sizeof peer;
        if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
            ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
            continue;
        if (auto program = sys::open(str::format("/proc/%d/exe", peer.pid), O_RDONLY))
            return std::move(*program);
    }
    return {};
}

// In the child: what is open must not be there in the monitor, but for our two descriptors and
// stderr, to which it says what a user must know until the container runs.
void arrange(int socket, int lock)
{
    (void)::setsid();
    // Out of the way of the numbers that they are to have.
    int high_socket = ::fcntl(socket, F_DUPFD, kFirstFree);
    int high_lock = ::fcntl(lock, F_DUPFD, kFirstFree);
    int nowhere = ::open("/dev/null", O_RDWR);
    (void)::dup2(nowhere, 0);
    (void)::dup2(nowhere, 1);
    (void)::dup2(high_socket, kMonitorSocket);
    (void)::dup2(high_lock, kMonitorLock);
    // Those above go when the new program is executed: the executable itself is among them.
    sys::close_range(kFirstFree, ~0U, sys::kCloseRangeOnExec);
    (void)::chdir("/");
}

}  // namespace

Result<Fd> spawn_monitor(const Engine& engine, const String& id, Fd lock)
{
    Fd program = TRY(container::protected_executable(executable_of_another, &engine));
    sys::Pipe socket = TRY(sys::socket_pair());
    String level = log::enabled(log::Level::debug) ? "debug" : "warn";
    String word = kMonitorWord, root = engine.places.root, state = engine.places.state, name = id;
    String self = "kist";
    char* argv[] = {self.data(), word.data(),  root.data(), state.data(),
                    name.data(), level.data(), nullptr};
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork");
    if (child == 0) {
        arrange(socket.writer.get(), lock.get());
        ::syscall(SYS_execveat, program.get(), "", argv, environ, kEmptyPath);
        (void)send(Fd(kMonitorSocket), pack_failure(os_error("cannot execute kist")));
        _exit(127);
    }
    return std::move(socket.reader);
}

}  // namespace kist::service
