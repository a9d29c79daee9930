-- What an owner has to let. These are adverts: whoever asks may see those that are published, but not whose they are or how to reach her.
create table rentals (
  clerk_user_id    text          not null references users (clerk_user_id) on delete cascade,
  id               integer       not null generated always as identity, -- an integer because the frontend needs one
  property_address text          not null,
  price            numeric(10,2) not null check (price >= 0), -- dollars a month
  bedrooms         numeric(5,2)  not null check (bedrooms >= 0), -- 0: a studio
  bathrooms        numeric(5,2)  not null check (bathrooms >= 0),
  square_feet      integer       check (square_feet >= 0),
  property_type    text,
  available_date   date, -- null: now
  description      text,
  contact_info     text, -- for its owner alone
  website          text, -- the site that it is advertised on; of an address the bare host name
  url              text,
  source_type      text          not null default 'manual' check (source_type in ('manual', 'scraped')),
  published        boolean       not null default true,
  created_at       timestamptz   not null default now(),
  updated_at       timestamptz   not null default now(),
  primary key (clerk_user_id, id)
);
create index rentals_published on rentals (clerk_user_id, id desc) where published;
alter table rentals enable row level security, force row level security;
create policy tenant on rentals
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
create policy advertise on rentals for select to current_user using (published);
grant select, insert, update, delete on rentals to ringbook_app;

-- The published rentals of all tenants, newest first: no owner, no contact details. Where there are too many, each owner's newest stay, so
-- that nobody's crowd the others out.
create function rentals_published(a_website text, at_most integer)
  returns table (
    id integer, property_address text, price numeric, bedrooms numeric, bathrooms numeric, square_feet integer, property_type text,
    available_date date, description text, website text, url text, source_type text, created_at timestamptz, updated_at timestamptz)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    with listed as (
      select p.clerk_user_id, p.id, row_number() over (partition by p.clerk_user_id order by p.id desc) as place
      from rentals p
      where p.published and (a_website is null or lower(p.website) = lower(a_website))
        and not exists (select from users u where u.clerk_user_id = p.clerk_user_id and u.deleted_at is not null)
      order by place, p.id desc limit at_most)
    select r.id, r.property_address, r.price, r.bedrooms, r.bathrooms, r.square_feet, r.property_type,
      r.available_date, r.description, r.website, r.url, r.source_type, r.created_at, r.updated_at
    from rentals r join listed l on l.clerk_user_id = r.clerk_user_id and l.id = r.id
    order by r.id desc;
end $$;

-- How many there are from each website; null: from none.
create function rentals_published_by_website()
  returns table (website text, rental_count integer, last_updated_at timestamptz)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select r.website, count(*)::integer, max(r.updated_at) from rentals r
    where r.published and not exists (select from users u where u.clerk_user_id = r.clerk_user_id and u.deleted_at is not null)
    group by r.website;
end $$;
revoke all on function rentals_published, rentals_published_by_website from public;
grant execute on function rentals_published, rentals_published_by_website to ringbook_app;

-- Websites that an owner advertises on. They are noted here, nothing is ever fetched from them.
create table rental_sources (
  clerk_user_id   text        not null references users (clerk_user_id) on delete cascade,
  id              integer     not null generated always as identity,
  website         text        not null,
  url             text        not null, -- http or https
  is_active       boolean     not null default true,
  last_scraped_at timestamptz,
  created_at      timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, website, url)
);
alter table rental_sources enable row level security, force row level security;
create policy tenant on rental_sources
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on rental_sources to ringbook_app;
