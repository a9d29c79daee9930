import { randomUUID } from 'node:crypto'

export interface NewClerkUser {
  id?: string
  /** Without one the user has no address at all, which Clerk allows. */
  email?: string
  firstName?: string
  lastName?: string
}

const word = () => randomUUID().replaceAll('-', '')

/** A user as Clerk's Backend API and its webhooks show them. Times are milliseconds. */
export function clerkUser(user: NewClerkUser, at = Date.now()) {
  const emails = user.email ? [emailAddress(user.email, at)] : []
  return {
    id: user.id ?? `user_${word()}`,
    object: 'user',
    external_id: null,
    primary_email_address_id: emails[0]?.id ?? null,
    primary_phone_number_id: null,
    primary_web3_wallet_id: null,
    username: null,
    first_name: user.firstName ?? null,
    last_name: user.lastName ?? null,
    image_url: 'https://img.clerk.com/stand-in',
    has_image: false,
    public_metadata: {},
    private_metadata: {},
    unsafe_metadata: {},
    email_addresses: emails,
    phone_numbers: [],
    web3_wallets: [],
    passkeys: [],
    password_enabled: true,
    two_factor_enabled: false,
    totp_enabled: false,
    backup_code_enabled: false,
    mfa_enabled_at: null,
    mfa_disabled_at: null,
    external_accounts: [],
    saml_accounts: [],
    enterprise_accounts: [],
    last_sign_in_at: null,
    banned: false,
    locked: false,
    lockout_expires_in_seconds: null,
    verification_attempts_remaining: 100,
    created_at: at,
    updated_at: at,
    delete_self_enabled: true,
    create_organization_enabled: true,
    last_active_at: at,
    legal_accepted_at: null,
  }
}

export type ClerkUser = ReturnType<typeof clerkUser>

function emailAddress(email: string, at: number) {
  return {
    id: `idn_${word()}`,
    object: 'email_address',
    email_address: email,
    reserved: false,
    verification: { object: 'verification_otp', status: 'verified', strategy: 'email_code', attempts: 1, expire_at: at + 600_000 },
    linked_to: [],
    created_at: at,
    updated_at: at,
  }
}
