"""The messages of the Web API: requests and answers, field by field (§2, §5.2, §6, §9)."""

from sandbox.steam.proto import schema

NOTHING = schema("1 nothing string")

TIME_REQUEST = schema("1 sender_time uint64, 2 steamid uint64")
TIME = schema(
    "1 server_time uint64, 2 skew_tolerance_seconds uint64, 3 large_time_jink uint64,"
    "4 probe_frequency_seconds uint32, 5 adjusted_time_probe_frequency_seconds uint32,"
    "6 hint_probe_frequency_seconds uint32, 7 sync_timeout uint32, 8 try_again_seconds uint32,"
    "9 max_attempts uint32"
)
STATUS_REQUEST = schema("1 steamid fixed64, 2 include uint32")
STATUS = schema(
    "1 state uint32, 2 inactivation_reason uint32, 3 authenticator_type uint32,"
    "4 authenticator_allowed bool, 5 steamguard_scheme uint32, 6 token_gid string,"
    "7 email_validated bool, 8 device_identifier string, 9 time_created uint32,"
    "10 revocation_attempts_remaining uint32, 11 classified_agent string,"
    "12 allow_external_authenticator bool, 13 time_transferred uint32, 14 version uint32,"
    "15 last_seen_auth_token_id fixed64"
)

KEY_REQUEST = schema("1 account_name string")
KEY = schema("1 publickey_mod string, 2 publickey_exp string, 3 timestamp uint64")

_DEVICE = schema(
    "1 device_friendly_name string, 2 platform_type int32, 3 os_type int32,"
    "4 gaming_device_type uint32, 5 client_count uint32, 6 machine_id bytes, 7 app_type int32"
)
BEGIN_REQUEST = schema(
    "1 device_friendly_name string, 2 account_name string, 3 encrypted_password string,"
    "4 encryption_timestamp uint64, 5 remember_login bool, 6 platform_type int32,"
    "7 persistence int32, 8 website_id string, 9 device_details Device, 10 guard_data string,"
    "11 language uint32, 12 qos_level int32",
    Device=_DEVICE,
)
_ALLOWED = schema("1 confirmation_type int32, 2 associated_message string")
BEGIN = schema(
    "1 client_id uint64, 2 request_id bytes, 3 interval float, 4 allowed_confirmations* Allowed,"
    "5 steamid uint64, 6 weak_token string, 7 agreement_session_url string,"
    "8 extended_error_message string",
    Allowed=_ALLOWED,
)
CODE_REQUEST = schema("1 client_id uint64, 2 steamid fixed64, 3 code string, 4 code_type int32")
CODE = schema("7 agreement_session_url string")
POLL_REQUEST = schema("1 client_id uint64, 2 request_id bytes, 3 token_to_revoke fixed64")
POLL = schema(
    "1 new_client_id uint64, 2 new_challenge_url string, 3 refresh_token string,"
    "4 access_token string, 5 had_remote_interaction bool, 6 account_name string,"
    "7 new_guard_data string, 8 agreement_session_url string"
)
RENEW_REQUEST = schema("1 refresh_token string, 2 steamid fixed64, 3 renewal_type int32")
RENEW = schema("1 access_token string, 2 refresh_token string")

ENUMERATE_REQUEST = schema("1 include_revoked bool")
_SEEN = schema(
    "1 time uint32, 2 ip string, 3 locale string, 4 country string, 5 state string, 6 city string"
)
_TOKEN = schema(
    "1 token_id fixed64, 2 token_description string, 3 time_updated uint32,"
    "4 platform_type int32, 5 logged_in bool, 6 os_platform uint32, 7 auth_type uint32,"
    "8 gaming_device_type uint32, 9 first_seen Seen, 10 last_seen Seen, 11 os_type int32,"
    "12 authentication_type int32, 13 effective_token_state int32",
    Seen=_SEEN,
)
ENUMERATE = schema("1 refresh_tokens* Token, 2 requesting_token fixed64", Token=_TOKEN)
REVOKE_REQUEST = schema(
    "1 token_id fixed64, 2 steamid fixed64, 3 revoke_action int32, 4 signature bytes"
)
LEAVE_REQUEST = schema("1 token string, 2 revoke_action int32")
