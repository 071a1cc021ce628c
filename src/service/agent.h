// agent.h - the one process that relays between a user's containers and this machine
// (network/agent.h): finding or starting it, and working in its gateway.
//
//     STATE/agent        its socket
//     STATE/agent.lock   is held (flock) by who starts one, and by one that ends

#pragma once

#include <optional>
#include <span>

#include "base/fd.h"
#include "base/parcel.h"
#include "base/result.h"
#include "base/vector.h"
#include "network/guests.h"
#include "service/engine.h"

namespace kist::service {

// A connection with the agent, which lives as long as there is one.
class Agent {
public:
    static constexpr int kPatience = 20, kHurry = 3;  // seconds, for an answer

    // ENOTSUP: this kernel cannot have networks of ordinary users; the hint says what is missing,
    // or to use --network host.  Starts the agent where there is none.  EAGAIN, when `hurried`:
    // another process is starting one.  ETIME: it has not answered in kPatience, or kHurry.
    static Result<Agent> find(const Engine& engine, bool hurried = false);
    // Nothing: there is none.
    static Result<std::optional<Agent>> find_living(const Engine& engine);

    // As in_child() of base/parcel.h, where the child is root in the gateway's network namespace.
    Result<Vector<Fd>> in_gateway(Work work, void* context) const;
    // After that: what we hold open keeps the namespace alive.
    void leave_gateway()
    {
        network_namespace_.close();
        user_namespace_.close();
    }

    // Has the container served as long as this connection is open, or makes the change known.
    // `ports`: the bound sockets of its ports when it is new.
    Result<void> tell(const network::Guest& guest, std::span<const Fd> ports) const;
    // How long an answer is waited for from now on: ETIME.
    void hurry(int seconds = kHurry) const;
    // Ends the connection, and waits until what was served is not: its ports are free.
    void part();

    pid_t process() const;
    // For poll(2): it can be read from when the agent has ended.
    const Fd& connection() const { return connection_; }

private:
    Error explain(Error error) const;
    static Result<Agent> greet(Fd connection, bool hurried);
    static Result<std::optional<Agent>> connect(const Fd& state, bool hurried);

    Fd connection_, network_namespace_, user_namespace_;
};

inline constexpr char kAgentWord[] = ":agent";
// In the new process, with the words behind kAgentWord.  Returns its exit status.
int run_agent(std::span<char* const> words);

}  // namespace kist::service
