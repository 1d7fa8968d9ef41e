-- Run once by the postgres image when the data folder is new (psql): a schema a service, a role that owns its tables and
-- runs migrations, and a role that works with them and is neither owner nor free of row-level security.
\set ON_ERROR_STOP on
\getenv referrals_owner REFERRALS_OWNER_PASSWORD
\getenv referrals_app REFERRALS_APP_PASSWORD
\getenv shelters_owner SHELTERS_OWNER_PASSWORD
\getenv shelters_app SHELTERS_APP_PASSWORD
\getenv returns_owner RETURNS_OWNER_PASSWORD
\getenv returns_app RETURNS_APP_PASSWORD
\getenv reintegration_owner REINTEGRATION_OWNER_PASSWORD
\getenv reintegration_app REINTEGRATION_APP_PASSWORD
\getenv notifications_owner NOTIFICATIONS_OWNER_PASSWORD
\getenv notifications_app NOTIFICATIONS_APP_PASSWORD
\getenv keycloak KEYCLOAK_PASSWORD

CREATE ROLE referrals_owner LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'referrals_owner';
CREATE ROLE referrals_app LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'referrals_app';
CREATE ROLE shelters_owner LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'shelters_owner';
CREATE ROLE shelters_app LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'shelters_app';
CREATE ROLE returns_owner LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'returns_owner';
CREATE ROLE returns_app LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'returns_app';
CREATE ROLE reintegration_owner LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'reintegration_owner';
CREATE ROLE reintegration_app LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'reintegration_app';
CREATE ROLE notifications_owner LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'notifications_owner';
CREATE ROLE notifications_app LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'notifications_app';
CREATE ROLE keycloak LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'keycloak';

CREATE DATABASE keycloak OWNER keycloak;
REVOKE CONNECT ON DATABASE postgres, template1, keycloak, footbridge FROM PUBLIC;
REVOKE ALL ON DATABASE footbridge FROM PUBLIC;
GRANT CONNECT ON DATABASE footbridge TO referrals_owner, shelters_owner, returns_owner, reintegration_owner, notifications_owner;
-- a service's session makes its statements functions of its own in pg_temp, so that they are planned once (libs/service/src/sessions.ts)
GRANT CONNECT, TEMPORARY ON DATABASE footbridge TO referrals_app, shelters_app, returns_app, reintegration_app, notifications_app;

\connect footbridge
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA referrals AUTHORIZATION referrals_owner;
CREATE SCHEMA shelters AUTHORIZATION shelters_owner;
CREATE SCHEMA returns AUTHORIZATION returns_owner;
CREATE SCHEMA reintegration AUTHORIZATION reintegration_owner;
CREATE SCHEMA notifications AUTHORIZATION notifications_owner;
GRANT USAGE ON SCHEMA referrals TO referrals_app;
GRANT USAGE ON SCHEMA shelters TO shelters_app;
GRANT USAGE ON SCHEMA returns TO returns_app;
GRANT USAGE ON SCHEMA reintegration TO reintegration_app;
GRANT USAGE ON SCHEMA notifications TO notifications_app;
ALTER ROLE referrals_owner SET search_path = referrals;
ALTER ROLE referrals_app SET search_path = referrals;
ALTER ROLE shelters_owner SET search_path = shelters;
ALTER ROLE shelters_app SET search_path = shelters;
ALTER ROLE returns_owner SET search_path = returns;
ALTER ROLE returns_app SET search_path = returns;
ALTER ROLE reintegration_owner SET search_path = reintegration;
ALTER ROLE reintegration_app SET search_path = reintegration;
ALTER ROLE notifications_owner SET search_path = notifications;
ALTER ROLE notifications_app SET search_path = notifications;
