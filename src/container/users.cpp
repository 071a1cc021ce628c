// users.cpp - who the container's process is.

#include "container/users.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"

namespace kist::container {

namespace {

constexpr long long kMaxId = (1LL << 31) - 1;  // docker's; the kernel's own end is -1

// The fields of one line, split at ':'; what is missing is empty.
template <size_t count>
std::array<std::string_view, count> split(std::string_view line)
{
    std::array<std::string_view, count> fields;
    for (std::string_view& field : fields)
        field = str::cut(line, ':');
    return fields;
}

// -1 when `text` is not an id.
long long to_id(std::string_view text)
{
    auto number = str::to_integer(text);
    return number && *number >= 0 && *number <= kMaxId ? *number : -1;
}

bool is_number(std::string_view text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

Result<long long> id_in_range(std::string_view text, const char* what)
{
    long long id = to_id(text);
    if (id < 0)
        return Error(ERANGE, "%s %.*s: ids go from 0 to %lld", what, int(text.size()), text.data(),
                     kMaxId);
    return id;
}

struct Person {
    std::string_view name;
    long long uid = -1, gid = -1;
    std::string_view home;
};

// The first line of /etc/passwd that has `who` for its name or number.
bool find_person(std::string_view passwd, std::string_view who, Person& person)
{
    long long number = is_number(who) ? to_id(who) : -1;
    while (!passwd.empty()) {
        auto fields = split<7>(str::cut(passwd, '\n'));
        long long uid = to_id(fields[2]);
        if (fields[0].empty() || uid < 0 || (fields[0] != who && uid != number))
            continue;
        person = {fields[0], uid, to_id(fields[3]), fields[5]};
        return true;
    }
    return false;
}

bool lists(std::string_view members, std::string_view name)
{
    while (!members.empty())
        if (str::trim(str::cut(members, ',')) == name)
            return true;
    return false;
}

// A group's number by name or number; an unknown number is taken as it is.
Result<gid_t> find_group(std::string_view group, std::string_view who)
{
    std::string_view rest = group;
    while (!rest.empty()) {
        auto fields = split<4>(str::cut(rest, '\n'));
        if (fields[0] == who && to_id(fields[2]) >= 0)
            return gid_t(to_id(fields[2]));
    }
    if (!is_number(who))
        return Error(ENOENT, "unable to find group %.*s: no matching entries in group file",
                     int(who.size()), who.data());
    return gid_t(TRY(id_in_range(who, "group")));
}

void add_group(Identity& identity, gid_t gid)
{
    auto& groups = identity.groups;
    if (groups.size() < kMaxGroups && std::find(groups.begin(), groups.end(), gid) == groups.end())
        groups.push_back(gid);
}

void add_memberships(Identity& identity, std::string_view group, std::string_view name)
{
    while (!group.empty()) {
        auto fields = split<4>(str::cut(group, '\n'));
        if (to_id(fields[2]) >= 0 && lists(fields[3], name))
            add_group(identity, gid_t(to_id(fields[2])));
    }
}

// "" when there is no such file, or none that can be read as one: it may be a pipe or a device.
Result<String> read_table(const Fd& root, const char* path)
{
    auto file = sys::open_in_root(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file)
        return String();
    struct stat facts = TRY(sys::stat(*file));
    if (!S_ISREG(facts.st_mode))
        return String();
    return TRY(sys::read_all(*file, kMaxUsersFile), "%s in the container", path);
}

}  // namespace

Result<Identity> look_up_user(std::string_view passwd, std::string_view group, const String& user,
                              const Vector<String>& more)
{
    std::string_view group_part = user;
    std::string_view user_part = str::cut(group_part, ':');
    std::string_view who = user_part.empty() ? "0" : user_part;

    Identity identity;
    Person person;
    if (find_person(passwd, who, person)) {
        identity.uid = uid_t(person.uid);
        identity.gid = person.gid < 0 ? 0 : gid_t(person.gid);
        if (!person.home.empty())
            identity.home = person.home;
    } else if (is_number(who)) {
        identity.uid = uid_t(TRY(id_in_range(who, "user")));
    } else {
        return Error(ENOENT, "unable to find user %.*s: no matching entries in passwd file",
                     int(who.size()), who.data());
    }
    if (!group_part.empty())
        identity.gid = TRY(find_group(group, group_part));
    else if (!person.name.empty())
        add_memberships(identity, group, person.name);
    for (const String& each : more)
        add_group(identity, TRY(find_group(group, each)));
    return identity;
}

Result<Identity> look_up_user(const Fd& root, const String& user, const Vector<String>& more)
{
    String passwd = TRY(read_table(root, "/etc/passwd"));
    String group = TRY(read_table(root, "/etc/group"));
    return look_up_user(passwd, group, user, more);
}

String user_name(std::string_view passwd, std::string_view uid)
{
    while (!passwd.empty()) {
        auto fields = split<7>(str::cut(passwd, '\n'));
        if (fields[2] == uid)
            return String(fields[0]);
    }
    return "";
}

bool is_plain_user(const String& user, Identity& identity)
{
    if (user.empty() || user == "0" || user == "root") {
        identity = Identity();
        return true;
    }
    std::string_view group = user;
    std::string_view name = str::cut(group, ':');
    if (!is_number(name) || !is_number(group) || to_id(name) < 0 || to_id(group) < 0)
        return false;
    identity = Identity();
    identity.uid = uid_t(to_id(name));
    identity.gid = gid_t(to_id(group));
    return true;
}

}  // namespace kist::container
