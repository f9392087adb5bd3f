{
  test1 = { properties.hostname = "test1"; containers.wrapper = { }; };
  test2 = { properties.hostname = "test2"; containers.wrapper = { }; };
}
