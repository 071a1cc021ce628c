// boot_plan.cpp - the order in which containers start: those that others require come first.

#include <algorithm>

#include "base/string.h"
#include "base/vector.h"
#include "service/boot.h"

namespace kist::service {

namespace {

using container::Restart;

constexpr size_t kMissing = SIZE_MAX;

// The position of the container that `name` means to --requires.
size_t position_of(std::span<const Summary> containers, std::string_view name)
{
    for (size_t i = 0; i < containers.size(); i++)
        if (containers[i].spec.name == name || containers[i].spec.id == name)
            return i;
    return kMissing;
}

// For each container, the positions of what it requires.
Vector<Vector<size_t>> requirements_of(std::span<const Summary> containers)
{
    Vector<Vector<size_t>> all(containers.size());
    for (size_t i = 0; i < containers.size(); i++)
        for (const String& name : containers[i].spec.requirements)
            all[i].push_back(position_of(containers, name));
    return all;
}

class Planner {
public:
    Planner(std::span<const Summary> containers)
        : containers_(containers),
          requirements_(requirements_of(containers)),
          wanted_(containers.size()),
          placed_(containers.size())
    {
    }

    // What is required is wanted, too; a container that is wanted already has been followed.
    void want(size_t index)
    {
        if (wanted_[index])
            return;
        wanted_[index] = true;
        for (size_t required : requirements_[index])
            if (required != kMissing)
                want(required);
    }

    BootPlan plan()
    {
        BootPlan plan;
        for (bool more = true; more;) {
            more = false;
            // The oldest is the last in the list.
            for (size_t i = containers_.size(); i-- > 0;) {
                if (!wanted_[i] || placed_[i] || obstacle_of(i))
                    continue;
                placed_[i] = more = true;
                plan.order.push_back(i);
            }
        }
        for (size_t i = containers_.size(); i-- > 0;)
            if (wanted_[i] && !placed_[i])
                plan.refused.push_back(refusal_of(i));
        return plan;
    }

private:
    // The first requirement that is not placed.
    const size_t* obstacle_of(size_t index) const
    {
        for (const size_t& required : requirements_[index])
            if (required == kMissing || !placed_[required])
                return &required;
        return nullptr;
    }

    Error refusal_of(size_t index) const
    {
        const String& name = containers_[index].spec.name;
        Vector<size_t> way;
        String text = name;
        for (size_t at = index;;) {
            way.push_back(at);
            const size_t* required = obstacle_of(at);
            const container::Spec& spec = containers_[at].spec;
            if (*required == kMissing)
                return missing(name, spec,
                               spec.requirements[size_t(required - requirements_[at].data())]);
            text += " -> " + containers_[*required].spec.name;
            if (std::find(way.begin(), way.end(), *required) != way.end())
                return Error(ELOOP,
                             "cannot start \"%s\": what it requires goes round in a circle: %s",
                             name.c_str(), text.c_str())
                    .with_hint("remove one of them, and create it again without --requires");
            at = *required;
        }
    }

    static Error missing(const String& name, const container::Spec& requirer,
                         const String& required)
    {
        if (requirer.name == name)
            return Error(ENOENT, "cannot start \"%s\": it requires \"%s\", which does not exist",
                         name.c_str(), required.c_str())
                .with_hint("create that container, or create this one without --requires");
        return Error(ENOENT,
                     "cannot start \"%s\": it requires \"%s\", which requires \"%s\", "
                     "which does not exist",
                     name.c_str(), requirer.name.c_str(), required.c_str());
    }

    std::span<const Summary> containers_;
    Vector<Vector<size_t>> requirements_;
    Vector<char> wanted_, placed_;
};

}  // namespace

bool starts_at_boot(const Summary& container)
{
    switch (container.spec.restart.policy) {
        case Restart::Policy::no: return false;
        case Restart::Policy::on_failure: return container.state.resume;
        case Restart::Policy::always: return true;
        case Restart::Policy::unless_stopped: return !container.state.stopped;
    }
    return false;  // unreachable: -Wswitch keeps the list complete
}

BootPlan plan_boot(std::span<const Summary> containers, bool (*wanted)(const Summary&))
{
    Planner planner(containers);
    for (size_t i = 0; i < containers.size(); i++)
        if (wanted(containers[i]))
            planner.want(i);
    return planner.plan();
}

Vector<Vector<size_t>> requirers_of(std::span<const Summary> containers)
{
    Vector<Vector<size_t>> requirements = requirements_of(containers);
    Vector<Vector<size_t>> all(containers.size());
    for (size_t i = 0; i < requirements.size(); i++)
        for (size_t required : requirements[i])
            if (required != kMissing && required != i)
                all[required].push_back(i);
    return all;
}

}  // namespace kist::service
