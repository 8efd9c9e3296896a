/** Configuration on etcd: the public door of `@holdfast/adapters/etcd`. */
