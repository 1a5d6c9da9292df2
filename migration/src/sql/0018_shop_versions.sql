-- What a cooperative's goods are sold on (names, prices, tiers, seasons, delivery) is known in memory, by a version that grows
-- with every change, whoever makes it. The row of the nil id stands for what holds everywhere: promotions, commission,
-- categories.
CREATE TABLE shop_version (
    id uuid PRIMARY KEY,
    version bigint NOT NULL
);
INSERT INTO shop_version (id, version) SELECT id, 1 FROM cooperative;
--@sqlite
INSERT INTO shop_version (id, version) VALUES (zeroblob(16), 1);
CREATE TRIGGER offer_versioned_i AFTER INSERT ON offer BEGIN INSERT INTO shop_version (id, version) VALUES (NEW.cooperative_id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER offer_versioned_u AFTER UPDATE ON offer BEGIN INSERT INTO shop_version (id, version) VALUES (NEW.cooperative_id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER offer_versioned_d AFTER DELETE ON offer BEGIN INSERT INTO shop_version (id, version) VALUES (OLD.cooperative_id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER product_versioned_i AFTER INSERT ON product BEGIN INSERT INTO shop_version (id, version) VALUES (NEW.cooperative_id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER product_versioned_u AFTER UPDATE ON product BEGIN INSERT INTO shop_version (id, version) VALUES (NEW.cooperative_id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER product_versioned_d AFTER DELETE ON product BEGIN INSERT INTO shop_version (id, version) VALUES (OLD.cooperative_id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER delivery_rate_versioned_i AFTER INSERT ON delivery_rate BEGIN INSERT INTO shop_version (id, version) VALUES (NEW.cooperative_id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER delivery_rate_versioned_u AFTER UPDATE ON delivery_rate BEGIN INSERT INTO shop_version (id, version) VALUES (NEW.cooperative_id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER delivery_rate_versioned_d AFTER DELETE ON delivery_rate BEGIN INSERT INTO shop_version (id, version) VALUES (OLD.cooperative_id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER cooperative_versioned_i AFTER INSERT ON cooperative BEGIN INSERT INTO shop_version (id, version) VALUES (NEW.id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER cooperative_versioned_u AFTER UPDATE ON cooperative BEGIN INSERT INTO shop_version (id, version) VALUES (NEW.id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER price_tier_versioned_i AFTER INSERT ON price_tier BEGIN INSERT INTO shop_version (id, version) VALUES ((SELECT cooperative_id FROM offer WHERE id = NEW.offer_id), 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER price_tier_versioned_u AFTER UPDATE ON price_tier BEGIN INSERT INTO shop_version (id, version) VALUES ((SELECT cooperative_id FROM offer WHERE id = NEW.offer_id), 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER price_tier_versioned_d AFTER DELETE ON price_tier BEGIN INSERT INTO shop_version (id, version) VALUES ((SELECT cooperative_id FROM offer WHERE id = OLD.offer_id), 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER promotion_versioned_i AFTER INSERT ON promotion BEGIN INSERT INTO shop_version (id, version) VALUES (zeroblob(16), 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER promotion_versioned_u AFTER UPDATE OF code, cooperative_id, product_id, funded_by, kind, campaign, name_vi, name_en, rate_bp, amount, buy_quantity, free_quantity, max_amount, min_goods_amount, usage_limit, per_buyer_limit, state, starts_at, ends_at ON promotion BEGIN INSERT INTO shop_version (id, version) VALUES (zeroblob(16), 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER promotion_versioned_d AFTER DELETE ON promotion BEGIN INSERT INTO shop_version (id, version) VALUES (zeroblob(16), 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER commission_rule_versioned_i AFTER INSERT ON commission_rule BEGIN INSERT INTO shop_version (id, version) VALUES (zeroblob(16), 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER commission_rule_versioned_u AFTER UPDATE ON commission_rule BEGIN INSERT INTO shop_version (id, version) VALUES (zeroblob(16), 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER commission_rule_versioned_d AFTER DELETE ON commission_rule BEGIN INSERT INTO shop_version (id, version) VALUES (zeroblob(16), 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER category_versioned_i AFTER INSERT ON category BEGIN INSERT INTO shop_version (id, version) VALUES (zeroblob(16), 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER category_versioned_u AFTER UPDATE ON category BEGIN INSERT INTO shop_version (id, version) VALUES (zeroblob(16), 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER category_versioned_d AFTER DELETE ON category BEGIN INSERT INTO shop_version (id, version) VALUES (zeroblob(16), 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
--@postgres
INSERT INTO shop_version (id, version) VALUES ('00000000-0000-0000-0000-000000000000', 1);
-- Once a transaction, and when it commits: nobody waits for the row who still wants another.
CREATE FUNCTION grow_shop_version(shop uuid) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF shop IS NULL OR EXISTS (SELECT 1 FROM shop_version WHERE id = shop AND xmin = pg_current_xact_id()::xid) THEN RETURN; END IF;
    INSERT INTO shop_version (id, version) VALUES (shop, 1) ON CONFLICT (id) DO UPDATE SET version = shop_version.version + 1;
END $$;
CREATE FUNCTION shop_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM grow_shop_version(CASE TG_OP WHEN 'DELETE' THEN OLD.cooperative_id ELSE NEW.cooperative_id END); RETURN NULL;
END $$;
CREATE FUNCTION shop_itself_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM grow_shop_version(NEW.id); RETURN NULL;
END $$;
CREATE FUNCTION tiers_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM grow_shop_version((SELECT cooperative_id FROM offer WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.offer_id ELSE NEW.offer_id END)); RETURN NULL;
END $$;
CREATE FUNCTION market_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM grow_shop_version('00000000-0000-0000-0000-000000000000'); RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER offer_versioned AFTER INSERT OR UPDATE OR DELETE ON offer DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop_changed();
CREATE CONSTRAINT TRIGGER product_versioned AFTER INSERT OR UPDATE OR DELETE ON product DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop_changed();
CREATE CONSTRAINT TRIGGER delivery_rate_versioned AFTER INSERT OR UPDATE OR DELETE ON delivery_rate DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop_changed();
CREATE CONSTRAINT TRIGGER cooperative_versioned AFTER INSERT OR UPDATE ON cooperative DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop_itself_changed();
CREATE CONSTRAINT TRIGGER price_tier_versioned AFTER INSERT OR UPDATE OR DELETE ON price_tier DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tiers_changed();
CREATE CONSTRAINT TRIGGER commission_rule_versioned AFTER INSERT OR UPDATE OR DELETE ON commission_rule DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION market_changed();
CREATE CONSTRAINT TRIGGER category_versioned AFTER INSERT OR UPDATE OR DELETE ON category DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION market_changed();
CREATE CONSTRAINT TRIGGER promotion_versioned AFTER INSERT OR DELETE OR UPDATE OF code, cooperative_id, product_id, funded_by, kind, campaign, name_vi, name_en, rate_bp, amount, buy_quantity, free_quantity, max_amount, min_goods_amount, usage_limit, per_buyer_limit, state, starts_at, ends_at ON promotion DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION market_changed();
-- Ends a statement that must not stand, with the reason; everything it wrote is gone with it.
CREATE FUNCTION refuse(reason text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'OC001', MESSAGE = reason; END $$;
--@both
