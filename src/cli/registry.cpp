// registry.cpp - login and logout.

#include <termios.h>
#include <unistd.h>

#include "base/string.h"
#include "base/sys.h"
#include "cli/command.h"
#include "cli/say.h"
#include "registry/credentials.h"
#include "registry/distribution.h"

namespace kist::cli {

namespace {

constexpr size_t kMaxPassword = 64 << 10;  // tokens are passwords, too
constexpr const char* kDefaultHost = "docker.io";

struct LoginFlags {
    String user, password;
    bool password_stdin = false, tls_verify = true;
};

// clang-format off
constexpr Flag kLoginFlags[] = {
    flag<&LoginFlags::password>      ('p', "password",       "PASSWORD", "Password; others see it in the process list, so better not"_help),
    flag<&LoginFlags::password_stdin>(0,   "password-stdin", nullptr,    "Read the password from stdin"_help),
    flag<&LoginFlags::tls_verify>    (0,   "tls-verify",     "BOOL",     "With false: trust any certificate, and plain HTTP"_help),
    flag<&LoginFlags::user>          ('u', "username",       "NAME",     "User's name"_help),
};
// clang-format on

// Keeps the terminal from showing what is typed.
class Hush {
public:
    Hush()
    {
        if (::tcgetattr(0, &saved_) < 0)
            return;
        termios quiet = saved_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        hushed_ = ::tcsetattr(0, TCSAFLUSH, &quiet) == 0;
    }
    Hush(const Hush&) = delete;
    ~Hush()
    {
        if (hushed_)
            ::tcsetattr(0, TCSAFLUSH, &saved_);
    }

private:
    termios saved_ = {};
    bool hushed_ = false;
};

Result<String> ask(const char* question)
{
    if (!::isatty(0))
        return Error(ENOTTY, "there is no terminal to ask for the %s", question)
            .with_hint("use --username and --password-stdin");
    tell(Where::errors, "%s: ", question);
    return read_line(kMaxPassword);
}

Result<registry::Credential> ask_credential(const LoginFlags& flags)
{
    registry::Credential credential;
    if (flags.password_stdin && !flags.password.empty())
        return Error(EINVAL, "--password and --password-stdin exclude each other");
    if (flags.password_stdin && flags.user.empty())
        return Error(EINVAL, "--password-stdin needs --username");
    credential.user = flags.user.empty() ? TRY(ask("Username")) : flags.user;
    if (flags.password_stdin) {
        credential.password = TRY(sys::read_all(sys::borrow(0), kMaxPassword), "the password");
        while (credential.password.ends_with('\n') || credential.password.ends_with('\r'))
            credential.password.pop_back();
    } else if (!flags.password.empty()) {
        credential.password = flags.password;
    } else {
        Hush hush;
        credential.password = TRY(ask("Password"));
        tell(Where::errors, "\n");
    }
    if (credential.user.empty() || credential.password.empty())
        return Error(EINVAL, "the user's name and the password must not be empty");
    return credential;
}

// "https://ghcr.io/v2/" and "ghcr.io" are the same registry.
String host_of(Arguments operands)
{
    if (operands.empty())
        return kDefaultHost;
    std::string_view host = operands[0];
    for (std::string_view scheme : {"https://", "http://"})
        if (host.starts_with(scheme))
            host.remove_prefix(scheme.size());
    host = host.substr(0, host.find('/'));
    if (host == "index.docker.io" || host == "registry-1.docker.io" || host.empty())
        return kDefaultHost;
    return String(host);
}

Result<int> login(const LoginFlags& flags, const Globals&, Arguments operands)
{
    String host = host_of(operands);
    registry::Credential credential = TRY(ask_credential(flags));
    registry::Access access;
    access.tls_verify = flags.tls_verify;
    TRY(registry::try_login(host, credential, access), "cannot log in to %s", host.c_str());
    TRY(registry::keep_credential(host, credential));
    tell(Where::errors, "The password is kept, not encrypted, in %s\n",
         registry::credentials_path().c_str());
    say_line("Login Succeeded");
    return 0;
}

struct LogoutFlags {};

Result<int> logout(const LogoutFlags&, const Globals&, Arguments operands)
{
    String host = host_of(operands);
    if (TRY(registry::forget_credential(host)))
        say("Removed the login for %s\n", host.c_str());
    else
        say("Not logged in to %s\n", host.c_str());
    return 0;
}

}  // namespace

extern const Command kLogin = {
    .name = "login",
    .operands = "[HOST]",
    .summary = "Keep a name and password for a registry"_help,
    .details =
        "They are tried first, and kept in docker's config.json.  HOST is docker.io unless "
        "said.\n"_help,
    .flags = kLoginFlags,
    .run = run_as<LoginFlags, login>,
};

extern const Command kLogout = {
    .name = "logout",
    .operands = "[HOST]",
    .summary = "Forget the name and password for a registry"_help,
    .run = run_as<LogoutFlags, logout>,
};

}  // namespace kist::cli
