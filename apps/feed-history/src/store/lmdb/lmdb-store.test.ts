import { testHistoryStore } from "../history-store.contract.ts";
import { lmdbUnderTest, smallPages } from "../testing/open-lmdb.ts";

testHistoryStore("lmdb", lmdbUnderTest({}));
testHistoryStore("lmdb, small pages", lmdbUnderTest(smallPages));
