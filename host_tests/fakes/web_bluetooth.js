// navigator.bluetooth for a browser without an adapter: as strict as Chromium's, and nothing behind it but
// window.__radio.
//
// Facts: webbluetoothcg.github.io/web-bluetooth and what Chromium does with it: a chooser needs a gesture, one
// operation at a time on a connection, nothing of a connection outlives it, 512 bytes at most in a write. What a page
// asks for that is not here raises, and is a violation that fails the test. REMEMBERS is put in by web_bluetooth.py.

(() => {
  const call = async (method, ...values) => {
    const { error, value } = await window.__radio(method, ...values);
    if (error) throw new DOMException(error[1], error[0]);
    return value;
  };
  const violation = (text) => {
    call("violation", text);
    return new TypeError(text);
  };
  const devices = new Map();
  const OPTIONAL = ["getDevices"]; // not every browser has it: a page may look whether it is there

  /** Only what the class has can be read; nothing can be set. */
  function strict(target) {
    return new Proxy(target, {
      get(object, name) {
        if (typeof name === "symbol" || name === "then" || OPTIONAL.includes(name)) return Reflect.get(object, name);
        const there = name in object && !String(name).startsWith("_");
        if (!there) throw violation(`there is no ${object.constructor.name}.${name}`);
        const value = Reflect.get(object, name);
        return typeof value === "function" ? value.bind(object) : value;
      },
      set(object, name) {
        throw violation(`${object.constructor.name}.${String(name)} is not to be set`);
      },
    });
  }

  class Bluetooth {
    getAvailability() {
      return call("available");
    }

    async requestDevice(options) {
      const { filters, optionalServices, ...rest } = options;
      const byName = filters.every((filter) => Object.keys(filter).join() === "name");
      if (Object.keys(rest).length || !byName) throw violation("other options");
      if (!navigator.userActivation.isActive) throw new DOMException("Not from a user gesture.", "SecurityError");
      const { id, name } = await call("choose", filters.map((filter) => filter.name), optionalServices);
      return device(id, name);
    }
  }
  const getDevices = async () => (await call("devices")).map(({ id, name }) => device(id, name));
  if (REMEMBERS) Object.assign(Bluetooth.prototype, { getDevices });

  function device(id, name) {
    if (!devices.has(id)) devices.set(id, new BluetoothDevice(id, name));
    return devices.get(id)._strict;
  }

  class BluetoothDevice extends EventTarget {
    constructor(id, name) {
      super();
      Object.assign(this, { id, name });
      this._server = new BluetoothRemoteGATTServer(this);
      this.gatt = strict(this._server);
      this._strict = strict(this);
    }
  }

  class BluetoothRemoteGATTServer {
    constructor(device) {
      this._device = device;
      this._connection = 0;
      this._characteristics = new Map();
      this._giveUp = null;
      this._busy = false;
      this.connected = false;
    }

    get device() {
      return this._device._strict;
    }

    async connect() {
      const givenUp = new Promise((_, reject) => {
        this._giveUp = () => reject(new DOMException("Connection attempt was aborted.", "AbortError"));
      });
      await Promise.race([call("connect", this._device.id), givenUp]);
      this._connection += 1;
      this.connected = true;
      return this._device.gatt;
    }

    disconnect() {
      this._giveUp?.();
      call("disconnect", this._device.id);
      this._end();
    }

    getPrimaryService(uuid) {
      return this._operate(this._connection, async () => {
        await call("service", this._device.id, uuid);
        return strict(new BluetoothRemoteGATTService(this, uuid));
      });
    }

    _end() {
      if (!this.connected) return;
      this.connected = false;
      this._characteristics.clear();
      this._device.dispatchEvent(new Event("gattserverdisconnected", { bubbles: true }));
    }

    async _operate(connection, work) {
      const disconnected = new DOMException("GATT Server is disconnected.", "NetworkError");
      if (!this.connected) throw disconnected;
      if (connection !== this._connection) throw new DOMException("Of an earlier connection.", "InvalidStateError");
      if (this._busy) {
        call("violation", "two operations at once");
        throw new DOMException("GATT operation already in progress.", "NetworkError");
      }
      this._busy = true;
      try {
        return await work();
      } finally {
        this._busy = false;
        if (!this.connected) throw disconnected;
      }
    }
  }

  class BluetoothRemoteGATTService {
    constructor(server, uuid) {
      Object.assign(this, { _server: server, _connection: server._connection, uuid });
    }

    getCharacteristic(uuid) {
      const server = this._server;
      return server._operate(this._connection, async () => {
        const properties = await call("characteristic", server._device.id, this.uuid, uuid);
        const known = server._characteristics.get(uuid);
        const characteristic = known ?? new BluetoothRemoteGATTCharacteristic(server, uuid, properties);
        server._characteristics.set(uuid, characteristic);
        return strict(characteristic);
      });
    }
  }

  class BluetoothRemoteGATTCharacteristic extends EventTarget {
    constructor(server, uuid, properties) {
      super();
      Object.assign(this, { _server: server, _connection: server._connection, uuid, properties, value: null });
    }

    startNotifications() {
      return this._operate("listen");
    }

    async writeValueWithResponse(value) {
      const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(value) ? value : new Uint8Array(value);
      const bytes = new Uint8Array(buffer, byteOffset, byteLength).slice();
      if (bytes.length > 512) throw new DOMException("Value can't exceed 512 bytes.", "InvalidModificationError");
      await this._operate("write", Array.from(bytes));
    }

    _operate(method, ...values) {
      return this._server._operate(this._connection, () => call(method, this._server._device.id, this.uuid, ...values));
    }

    _hear(bytes) {
      this.value = new DataView(Uint8Array.from(bytes).buffer);
      this.dispatchEvent(new Event("characteristicvaluechanged", { bubbles: true }));
    }
  }

  window.__radioHeard = (id, uuid, bytes) => devices.get(id)?._server._characteristics.get(uuid)?._hear(bytes);
  window.__radioEnded = (id) => devices.get(id)?._server._end();
  const bluetooth = strict(new Bluetooth());
  // A plain assignment would throw: the property is there, without a setter, where Chromium is built with Bluetooth.
  Object.defineProperty(Navigator.prototype, "bluetooth", { get: () => bluetooth, configurable: true });
  if (window === window.top) call("loaded");
})();
