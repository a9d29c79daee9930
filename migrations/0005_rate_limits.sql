-- Counters shared by all processes. Unlogged: after a crash everybody starts from zero. Keys hold no personal data.
create unlogged table rate_limits (
  key       text        primary key,
  hits      integer     not null,
  resets_at timestamptz not null
);
grant select, insert, update, delete on rate_limits to ringbook_app;
